// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dashboard/verdict_panel.h"

#include "ui/text/format.h"

#include <QGridLayout>

#include <cmath>
#include <initializer_list>

namespace gsst {
namespace {

constexpr double kKeep = 0.8;
constexpr double kAmber = 0.10, kReplan = 0.25;
constexpr double kWorthTelling = 0.15;  ///< share of a step

void mix(double& mean, double value) {
    mean = kKeep * mean + (1 - kKeep) * value;
}
void mix(int64_t& mean, int64_t value, double share) {
    mean = int64_t(std::llround(double(mean) + share * double(value - mean)));
}

}  // namespace

VerdictPanel::VerdictPanel(const Theme& theme) : m_theme(theme) {
    setProperty("look", "card");
    setMinimumWidth(330);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(12, 8, 12, 6);
    column->setSpacing(5);
    column->addWidget(makeVerdict());
    column->addWidget(makeRule());
    column->addWidget(makeTable());
    column->addStretch();
    clear();
}

QWidget* VerdictPanel::makeVerdict() {
    auto* part = new QWidget;
    auto* row = new QHBoxLayout(part);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(8);
    m_icon = new IconLabel(m_theme, "hourglass", &ThemeTokens::text2, 18);
    row->addWidget(m_icon, 0, Qt::AlignTop);
    auto* words = new QVBoxLayout;
    words->setSpacing(2);
    m_verdict = makeLabel({}, "section", true);
    m_remedy = makeLabel({}, "hint", true);
    words->addWidget(m_verdict);
    words->addWidget(m_remedy);
    words->addStretch();
    row->addLayout(words, 1);
    auto* grid = new QGridLayout;
    grid->setHorizontalSpacing(6);
    grid->setVerticalSpacing(1);
    int line = 0;
    const auto share = [&](Share& each, const QString& name) {
        each.name = makeLabel(name, "axis");
        grid->addWidget(each.name, line, 0);
        each.bar = new QProgressBar;
        each.bar->setRange(0, 100);
        each.bar->setTextVisible(false);
        each.bar->setFixedWidth(48);
        each.bar->setAccessibleName(name);
        grid->addWidget(each.bar, line, 1);
        each.text = makeLabel({}, "axis");
        each.text->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
        each.text->setMinimumWidth(36);
        grid->addWidget(each.text, line++, 2);
    };
    share(m_compute, tr("Compute"));
    share(m_read, tr("Read wait"));
    share(m_write, tr("Write wait"));
    share(m_link, tr("Link wait"));
    row->addLayout(grid);
    return part;
}

QWidget* VerdictPanel::makeTable() {
    auto* part = new QWidget;
    part->setAccessibleName(tr("Predicted and measured"));
    auto* grid = new QGridLayout(part);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(10);
    grid->setVerticalSpacing(3);
    grid->setColumnStretch(0, 1);
    const QString heads[] = {tr("Predicted"), tr("Measured"), tr("Diff.")};
    for (int i = 0; i < 3; ++i) {
        auto* head = makeLabel(heads[i], "axis");
        head->setAlignment(Qt::AlignRight);
        grid->addWidget(head, 0, i + 1);
    }
    const QString names[] = {tr("Seconds per step"), tr("Tokens per second"), tr("Device memory peak"), tr("RAM"),
                             tr("Read per step"),    tr("Written per step")};
    for (int row = 0; row < RowCount; ++row) {
        grid->addWidget(new ElidedLabel(names[row], "hint"), row + 1, 0);
        for (int column = 0; column < 3; ++column) {
            auto* cell = makeLabel({}, "hint");
            cell->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
            m_cells[size_t(row)][size_t(column)] = cell;
            grid->addWidget(cell, row + 1, column + 1);
        }
    }
    return part;
}

void VerdictPanel::clear() {
    m_plan = {};
    m_mean = {};
    m_weight = 0;
    refresh();
}

void VerdictPanel::setPlan(const Planned& plan) {
    m_plan = plan;
    m_weight = 0;
    refresh();
}

void VerdictPanel::add(const StepDone& step) {
    if (m_weight == 0) {
        m_mean = step;
    } else {
        mix(m_mean.seconds, step.seconds);
        mix(m_mean.tokensPerSecond, step.tokensPerSecond);
        mix(m_mean.readWaitSeconds, step.readWaitSeconds);
        mix(m_mean.writeWaitSeconds, step.writeWaitSeconds);
        mix(m_mean.linkWaitSeconds, step.linkWaitSeconds);
        mix(m_mean.readBytes, step.readBytes, 1 - kKeep);
        mix(m_mean.writtenBytes, step.writtenBytes, 1 - kKeep);
        m_mean.devicePeakBytes = std::max(m_mean.devicePeakBytes, step.devicePeakBytes);
        m_mean.ramBytes = step.ramBytes;
    }
    m_weight = 1;
    m_dirty = true;
}

void VerdictPanel::showNewest() {
    if (m_dirty)
        refresh();
}

void VerdictPanel::refresh() {
    m_dirty = false;
    const bool measured = m_weight > 0;
    const double seconds = std::max(1e-9, m_mean.seconds);
    const auto waitShare = [&](double waited) { return measured ? std::clamp(waited / seconds, 0.0, 1.0) : 0; };
    const double read = waitShare(m_mean.readWaitSeconds);
    const double write = waitShare(m_mean.writeWaitSeconds);
    const double link = waitShare(m_mean.linkWaitSeconds);
    const double compute = measured ? std::max(0.0, 1 - read - write - link) : 0;
    const auto show = [measured](Share& share, double value) {
        share.bar->setValue(int(std::lround(100 * value)));
        share.text->setText(measured ? percentText(value) : VerdictPanel::tr("–"));
    };
    show(m_compute, compute);
    show(m_read, read);
    show(m_write, write);
    show(m_link, link);
    // Who trains alone has nobody to wait for.
    for (QWidget* part : std::initializer_list<QWidget*>{m_link.name, m_link.bar, m_link.text})
        part->setVisible(link > 0);
    showVerdict(read + write, link);
    fill(SecondsPerStep, m_plan.secondsPerStep, m_mean.seconds,
         [](double value) { return numberText(value, value < 10 ? 2 : 1); });
    const double predictedSpeed = m_plan.secondsPerStep > 0 ? double(m_plan.tokensPerStep) / m_plan.secondsPerStep : 0;
    fill(TokensPerSecond, predictedSpeed, m_mean.tokensPerSecond, [](double value) { return numberText(value, 0); });
    fill(DevicePeak, double(m_plan.devicePeakBytes), double(m_mean.devicePeakBytes), bytesText);
    fill(RamPeak, double(m_plan.ramPeakBytes), double(m_mean.ramBytes), bytesText);
    fill(ReadPerStep, double(m_plan.readBytesPerStep), double(m_mean.readBytes), bytesText);
    fill(WrittenPerStep, double(m_plan.writtenBytesPerStep), double(m_mean.writtenBytes), bytesText);
}

/// `disk` and `link`: shares of a step that waits for the one and the other.
void VerdictPanel::showVerdict(double disk, double link) {
    if (m_weight <= 0) {
        m_icon->show("hourglass", &ThemeTokens::text2);
        m_verdict->setText(tr("Not measured yet"));
        m_remedy->setText(tr("Measured while the run trains."));
    } else if (disk > kWorthTelling && disk >= link) {
        m_icon->show("disk", &ThemeTokens::warning);
        m_verdict->setText(tr("Disk-bound"));
        m_remedy->setText(tr("Waits for the disk: %1 of a step. More tokens a step hide that.").arg(percentText(disk)));
    } else if (link > kWorthTelling) {
        m_icon->show("hourglass", &ThemeTokens::warning);
        m_verdict->setText(tr("Communication-bound"));
        m_remedy->setText(
            tr("Waits for other ranks: %1 of a step. More tokens a step hide that.").arg(percentText(link)));
    } else {
        m_icon->show("bolt", &ThemeTokens::ok);
        m_verdict->setText(tr("Compute-bound"));
        m_remedy->setText(m_plan.streamed ? tr("No waiting for the disk") : tr("All state is in RAM"));
    }
}

void VerdictPanel::fill(Row row, double predicted, double measured, QString (*format)(double)) {
    auto& cells = m_cells[size_t(row)];
    const bool planned = m_plan.steps > 0;
    cells[0]->setText(planned ? format(predicted) : tr("–"));
    cells[1]->setText(m_weight > 0 ? format(measured) : tr("–"));
    const bool both = planned && m_weight > 0;
    const double change = !both ? 0 : predicted > 0 ? measured / predicted - 1 : measured > 0 ? INFINITY : 0;
    const bool off = both && std::fabs(change) > kAmber;
    cells[2]->setText(!both ? tr("–") : off ? tr("⚠ %1").arg(changeText(change)) : changeText(change));
    cells[2]->setToolTip(both && std::fabs(change) > kReplan
                             ? tr("More than 25 % from the plan: pause and plan again for better figures.")
                             : QString());
    setLook(*cells[2], "type", off ? "warning" : "hint");
}

}  // namespace gsst
