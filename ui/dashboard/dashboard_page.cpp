// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dashboard/dashboard_page.h"

#include "ui/text/format.h"

#include <cmath>
#include <limits>
#include <utility>

namespace gsst {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

LegendEntry::ColorOf plotColor(size_t index) {
    return [index](const ThemeTokens& tokens) { return tokens.plot[index]; };
}

QSplitter* makeSplitter(Qt::Orientation orientation, const QString& name) {
    auto* splitter = new QSplitter(orientation);
    splitter->setObjectName(name);
    splitter->setHandleWidth(10);
    splitter->setChildrenCollapsible(false);
    return splitter;
}

}  // namespace

DashboardPage::DashboardPage(RunController& controller, const Theme& theme, QWidget* parent)
    : QWidget(parent), m_controller(controller), m_theme(theme) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(16, 10, 16, 10);
    column->setSpacing(10);
    m_header = new RunHeader(controller, theme);
    column->addWidget(m_header);
    m_notice = new NoticeBanner(theme);
    column->addWidget(m_notice);
    m_laneCard = makeLane();
    column->addWidget(m_laneCard);
    m_loss = new LossPanel(theme);
    m_verdict = new VerdictPanel(theme);
    auto* middle = makeSplitter(Qt::Horizontal, "dashboardMiddle");
    middle->addWidget(m_loss);
    middle->addWidget(m_verdict);
    middle->setStretchFactor(0, 1);
    middle->setStretchFactor(1, 0);
    middle->setSizes({726, 330});
    m_rows = makeSplitter(Qt::Vertical, "dashboardRows");
    m_rows->addWidget(middle);
    m_rows->addWidget(makeTrends());
    m_rows->addWidget(makeBottom());
    m_rows->setStretchFactor(0, 5);
    m_rows->setStretchFactor(1, 3);
    m_rows->setStretchFactor(2, 3);
    m_rows->setSizes({224, 132, 124});
    column->addWidget(m_rows, 1);
    connectEvents();
}

QWidget* DashboardPage::makeLane() {
    QVBoxLayout* inside = nullptr;
    auto* card = makeCard(inside, 0);
    inside->setContentsMargins(12, 7, 12, 4);
    inside->setSpacing(6);
    auto* row = new QHBoxLayout;
    row->setSpacing(12);
    row->addWidget(makeLabel(tr("Slice lane"), "strong"));
    m_laneText = new ElidedLabel({}, "hint");
    row->addWidget(m_laneText, 1);
    row->addWidget(new SliceLegend(m_theme));
    inside->addLayout(row);
    m_lane = new SliceLane(m_theme);
    connect(m_lane, &SliceLane::painted, this, [this] {
        const QString sentence = m_lane->sentence();
        if (!sentence.isEmpty())
            m_laneText->setFullText(tr("Step %1, %2").arg(numberText(double(m_controller.step() + 1), 0), sentence));
    });
    inside->addWidget(m_lane);
    return card;
}

QWidget* DashboardPage::makeTrends() {
    auto* trends = makeSplitter(Qt::Horizontal, "dashboardTrends");
    m_memory =
        new TrendPlot(m_theme, tr("Device memory, MiB"),
                      {{tr("measured"), plotColor(0), false, true}, {tr("predicted"), plotColor(4), true, false}});
    m_throughput = new TrendPlot(m_theme, tr("Throughput, tokens/s"), {{tr("measured"), plotColor(2), false, false}});
    m_disk = new TrendPlot(m_theme, tr("Disk, MB/s"),
                           {{tr("read"), [](const ThemeTokens& color) { return color.read; }, false, true},
                            {tr("write"), [](const ThemeTokens& color) { return color.write; }, true, false}});
    for (TrendPlot* plot : {m_memory, m_throughput, m_disk})
        trends->addWidget(plot);
    trends->setSizes({350, 350, 350});
    return trends;
}

QWidget* DashboardPage::makeBottom() {
    auto* bottom = makeSplitter(Qt::Horizontal, "dashboardBottom");
    m_samples = new SamplesPanel(m_theme);
    m_log = new LogPanel(m_theme);
    bottom->addWidget(m_samples);
    bottom->addWidget(m_log);
    bottom->setSizes({640, 420});
    connect(m_samples, &SamplesPanel::sampleRequested, &m_controller, &RunController::sampleNow);
    // A notice takes the lane's place, so that nothing is squeezed.
    connect(m_notice, &NoticeBanner::shownChanged, this, [this](bool shown) { m_laneCard->setVisible(!shown); });
    connect(m_notice, &NoticeBanner::resumeRequested, &m_controller, &RunController::resume);
    return bottom;
}

void DashboardPage::connectEvents() {
    EventBridge& bridge = m_controller.bridge();
    connect(&m_controller, &RunController::opened, this, &DashboardPage::opened);
    connect(&m_controller, &RunController::refused, this, [this](const Error& error) { m_notice->show(error); });
    connect(&m_controller, &RunController::changed, this, [this] {
        m_samples->setCanSample(m_controller.active() && m_controller.state() == RunState::Training &&
                                !m_controller.waitingForPause());
    });
    connect(&m_controller, &RunController::closed, m_lane, [this] { m_lane->setRunning(false); });
    connect(&bridge, &EventBridge::planned, this, &DashboardPage::planned);
    connect(&bridge, &EventBridge::stepDone, this, &DashboardPage::stepDone);
    connect(&bridge, &EventBridge::drained, this, &DashboardPage::showNewest);
    connect(&bridge, &EventBridge::stateChanged, this, &DashboardPage::stateChanged);
    connect(&bridge, &EventBridge::sliceActivity, m_lane, &SliceLane::add);
    connect(&bridge, &EventBridge::validated, this, [this](const Validated& event) {
        m_loss->plot().series().add(event);
        m_loss->plot().dataChanged();
        m_loss->showValidation(true);
        m_log->add(tr("validation %1 at step %2").arg(lossText(event.loss), numberText(double(event.step), 0)));
    });
    connect(&bridge, &EventBridge::sampled, this, [this](const Sampled& event) { m_samples->add(event); });
    connect(&bridge, &EventBridge::committed, this, [this](const Committed& event) {
        m_log->add(tr("commit %1, safe from now on").arg(numberText(double(event.step), 0)));
    });
    connect(&bridge, &EventBridge::logLine, this,
            [this](const LogLine& event) { m_log->add(fromUtf8(event.text), event.level); });
    connect(&bridge, &EventBridge::failed, this, [this](const Failed& event) {
        Failed known = event;
        if (known.committedStep == 0)
            known.committedStep = m_controller.facts().historySteps;
        m_notice->show(known);
        m_log->add(fromUtf8(event.error.text()), LogLine::Level::Error);
    });
    connect(&bridge, &EventBridge::progress, this, [this](const Progress& event) {
        m_header->setPreparing(fromUtf8(event.what), event.total > 0 ? double(event.done) / double(event.total) : -1);
    });
}

void DashboardPage::opened() {
    const OpenRunFacts& facts = m_controller.facts();
    m_notice->dismiss();
    m_lane->reset(0);
    m_laneText->setFullText({});
    m_header->setPreparing({}, -1);
    m_header->refresh();
    // The same run in a new session: what was seen of it stays.
    if (facts.folder == m_shown && m_loss->plot().series().size() > 0)
        return;
    m_shown = facts.folder;
    m_plan = {};
    m_last = {};
    m_seconds = 0;
    LossPlot& plot = m_loss->plot();
    plot.series().clear();
    plot.clearMarks();
    m_loss->showValidation(false);
    plot.series().prefill(facts.history, facts.historySteps);
    plot.fit();
    m_verdict->clear();
    for (TrendPlot* trend : {m_memory, m_throughput, m_disk}) {
        trend->clear();
        trend->setPredicted(kNone, {});
        trend->setLimit(kNone, {});
    }
    m_samples->clear();
    m_samples->setExpectation(facts.historySteps > 0
                                  ? tr("What the model wrote before is in the run folder, in samples.jsonl.")
                                  : tr("The first sample comes after some steps. “Sample now” writes one at once."));
    m_log->clear();
    m_header->setSecondsLeft(-1);
}

void DashboardPage::planned(const Planned& plan) {
    m_plan = plan;
    m_verdict->setPlan(plan);
    showPredictedSpeed(plan);
    if (plan.cause == PlanCause::OtherPrograms)
        return;  // only the time is another one
    m_lane->reset(plan.slices, plan.sliceInfos);
    LossPlot& plot = m_loss->plot();
    plot.series().setTokensPerStep(plan.tokensPerStep);
    if (plan.firstStep > 0)
        plot.mark(plan.firstStep, plan.cause == PlanCause::OutOfMemory ? tr("new plan") : tr("resumed"));
    plot.dataChanged();
    const bool large = double(std::max(plan.devicePeakBytes, plan.deviceLimitBytes)) >= kGiB;
    m_memoryUnit = large ? kGiB : kMiB;
    m_memory->setTitle(large ? tr("Device memory, GiB") : tr("Device memory, MiB"));
    m_memory->setPredicted(double(plan.devicePeakBytes) / m_memoryUnit, {});
    if (plan.deviceLimitBytes > 0)
        m_memory->setLimit(double(plan.deviceLimitBytes) / m_memoryUnit,
                           tr("limit %1").arg(bytesNumber(double(plan.deviceLimitBytes), m_memoryUnit)));
    else
        m_memory->setLimit(kNone, {});
    m_log->add(tr("plan: %1 parameters in %2 slices, %3")
                   .arg(countText(double(plan.parameters)))
                   .arg(plan.slices)
                   .arg(plan.streamed ? tr("state on disk") : tr("state in RAM")));
}

void DashboardPage::showPredictedSpeed(const Planned& plan) {
    const double speed = plan.secondsPerStep > 0 ? double(plan.tokensPerStep) / plan.secondsPerStep : kNone;
    m_throughput->setPredicted(speed, tr("predicted %1").arg(numberText(speed, 0)));
}

void DashboardPage::stepDone(const StepDone& step) {
    m_last = step;
    m_seconds += std::max(0.0, step.seconds);
    m_loss->plot().series().add(step);
    m_loss->plot().dataChanged();
    m_verdict->add(step);
    m_memory->add(m_seconds, {double(step.devicePeakBytes) / m_memoryUnit, kNone});
    m_throughput->add(m_seconds, {step.tokensPerSecond});
    const double seconds = std::max(1e-9, step.seconds);
    m_disk->add(m_seconds, {double(step.readBytes) / seconds / 1e6, double(step.writtenBytes) / seconds / 1e6});
    m_newStep = true;
    m_log->add(tr("step %1  loss %2  %3  norm %4")
                   .arg(numberText(double(step.step), 0), lossText(step.loss), durationText(step.seconds),
                        numberText(step.gradientNorm, 2)));
}

/// Once for all steps that came together: labels are slow.
void DashboardPage::showNewest() {
    if (!std::exchange(m_newStep, false))
        return;
    m_verdict->showNewest();
    m_throughput->setNow(tr("%1 now").arg(numberText(m_last.tokensPerSecond, 0)));
    m_header->setSecondsLeft(m_last.secondsLeft);
}

void DashboardPage::stateChanged(const StateChanged& event) {
    // While it pauses or finishes it still writes.
    m_lane->setRunning(event.state == RunState::Training || event.state == RunState::Pausing ||
                       event.state == RunState::Finishing);
    if (event.state != RunState::Training)
        m_laneText->setFullText(pillOf(event.state).text);
    if ((event.state == RunState::Paused || event.state == RunState::Finished) && m_seconds > 0) {
        // A pause frees the memory, and the plot shows it: as a short piece of the line, whatever the length of the
        // pause.
        m_memory->add(m_seconds, {0, kNone});
        m_seconds += std::max(0.5, 0.03 * m_seconds);
        m_memory->add(m_seconds, {0, kNone});
    }
    if (event.state == RunState::Training)
        m_notice->dismiss();
    m_log->add(pillOf(event.state).text);
}

}  // namespace gsst
