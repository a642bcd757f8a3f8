// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/computer/computer_page.h"

#include "service/computer_summary.h"
#include "ui/text/format.h"
#include "ui/widgets/page_scroll.h"

#include <QClipboard>
#include <QDateTime>
#include <QFileDialog>
#include <QGuiApplication>
#include <QLocale>

namespace gsst {
namespace {

QString flopsText(double flops) {
    return ComputerPage::tr("%1 GFLOP/s").arg(numberText(flops / 1e9, 0));
}
QString memoryRate(double bytes) {
    return ComputerPage::tr("%1 GB/s").arg(numberText(bytes / 1e9, 0));
}

QString bf16Text(Bf16Speed speed) {
    switch (speed) {
    case Bf16Speed::Faster:
        return ComputerPage::tr("BF16 is much faster than FP32: choose it.");
    case Bf16Speed::Slower:
        return ComputerPage::tr(
            "BF16 is slower than FP32, so its products are made in FP32: it saves memory and costs little time.");
    case Bf16Speed::Alike:
        break;
    }
    return ComputerPage::tr("BF16 is not much faster than FP32: FP32 costs little time.");
}

std::filesystem::path existingPart(std::filesystem::path folder) {
    std::error_code ignored;
    while (!folder.empty() && !std::filesystem::is_directory(folder, ignored) && folder != folder.parent_path())
        folder = folder.parent_path();
    return folder;
}

}  // namespace

ComputerPage::ComputerPage(TrainingService& service, RunController& controller, const Theme& theme,
                           const std::filesystem::path& folder)
    : m_service(service), m_controller(controller), m_theme(theme) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(24, 20, 24, 16);
    column->setSpacing(12);
    column->addWidget(makeHeader());
    column->addWidget(makeQuestion(folder));
    m_notice = makeLabel({}, "warning", true);
    m_notice->hide();
    column->addWidget(m_notice);
    auto* content = new QWidget;
    auto* columns = new QHBoxLayout(content);
    columns->setContentsMargins(0, 0, 6, 0);
    columns->setSpacing(12);
    columns->addWidget(makeChecks(), 5);
    QVBoxLayout* inside = nullptr;
    auto* sizes = makeCard(inside);
    m_sizes = new SizesTable(theme);
    inside->addWidget(m_sizes);
    columns->addWidget(sizes, 3);
    column->addWidget(new PageScroll(content), 1);
    connect(&controller, &RunController::changed, this, [this] {
        if (m_measuring && training())
            stopMeasuring(tr("Measuring stopped: a run began to train. The figures shown are those from before."));
        refresh();
    });
    refresh();
}

QWidget* ComputerPage::makeHeader() {
    auto* header = new QWidget;
    auto* row = new QHBoxLayout(header);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(8);
    auto* words = new QVBoxLayout;
    words->setSpacing(2);
    words->addWidget(makeLabel(tr("This computer"), "title", true));
    m_sentence = makeLabel({}, "quiet", true);
    words->addWidget(m_sentence);
    row->addLayout(words, 1);
    m_copy = makeButton(tr("&Copy report"));
    setThemedIcon(*m_copy, m_theme, "copy", &ThemeTokens::text);
    connect(m_copy, &QPushButton::clicked, this, &ComputerPage::copyReport);
    row->addWidget(m_copy);
    m_measure = makeButton({}, "primary");
    connect(m_measure, &QPushButton::clicked, this, &ComputerPage::measureOrCancel);
    row->addWidget(m_measure);
    return header;
}

QWidget* ComputerPage::makeQuestion(const std::filesystem::path& folder) {
    auto* question = new QWidget;
    auto* column = new QVBoxLayout(question);
    column->setContentsMargins(0, 0, 0, 0);
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    auto* name = makeLabel(tr("&Drive of the folder"), "quiet");
    row->addWidget(name);
    m_folder = new QLineEdit(fromPath(existingPart(folder)));
    m_folder->setAccessibleName(tr("Folder on the drive to measure"));
    m_folder->setMinimumWidth(140);
    name->setBuddy(m_folder);
    row->addWidget(m_folder, 1);
    m_choose = makeButton(tr("C&hoose…"));
    m_choose->setAccessibleName(tr("Choose the folder on the drive to measure"));
    connect(m_choose, &QPushButton::clicked, this, &ComputerPage::chooseFolder);
    row->addWidget(m_choose);
    m_quick = new QCheckBox(tr("&Short look"));
    m_quick->setChecked(true);
    m_quick->setToolTip(tr("Seconds, 0.3 GB written. Without it: about a minute, 6 GB written, and the drive's fast "
                           "cache is used up first."));
    m_quick->setAccessibleDescription(m_quick->toolTip());
    row->addWidget(m_quick);
    column->addLayout(row);
    m_progressRow = new QWidget;
    auto* progress = new QHBoxLayout(m_progressRow);
    progress->setContentsMargins(0, 0, 0, 0);
    m_progressText = makeLabel({}, "hint");
    m_progress = new QProgressBar;
    m_progress->setTextVisible(false);
    m_progress->setAccessibleName(tr("Progress of the measurement"));
    progress->addWidget(m_progressText);
    progress->addWidget(m_progress, 1);
    m_progressRow->hide();
    column->addWidget(m_progressRow);
    return question;
}

QWidget* ComputerPage::makeChecks() {
    auto* checks = new QWidget;
    auto* column = new QVBoxLayout(checks);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(8);
    const auto add = [&](CheckCard*& card, const QString& icon, const QString& name) {
        card = new CheckCard(m_theme, icon, name);
        column->addWidget(card);
    };
    add(m_processor, "chip", tr("Processor"));
    add(m_products, "bolt", tr("Matrix products"));
    add(m_training, "layers", tr("A layer in training"));
    add(m_memory, "memory", tr("Memory"));
    add(m_copying, "memory", tr("Memory, copying"));
    add(m_drive, "disk", tr("Drive"));
    add(m_space, "folder", tr("Free space"));
    column->addStretch();
    return checks;
}

bool ComputerPage::training() const {
    const RunState state = m_controller.state();
    return m_controller.hasRun() && m_controller.active() &&
           (state == RunState::Preparing || state == RunState::Training || state == RunState::Pausing ||
            state == RunState::Finishing);
}

void ComputerPage::enter() {
    refresh();
    m_loadJob.start([&service = m_service](std::stop_token) { return service.lastComputerReport(); },
                    [this](std::optional<ComputerReport> report) {
                        if (report)
                            show(*report);
                    });
}

void ComputerPage::measureOrCancel() {
    if (m_measuring)
        return stopMeasuring(tr("Measuring was cancelled. The figures shown are those from before."));
    const ComputerQuestion question{toPath(m_folder->text()), m_quick->isChecked()};
    m_measuring = true;
    m_notice->hide();
    m_progress->setRange(0, 0);
    m_progressText->setText(tr("Measuring…"));
    const auto report = m_measureJob.reporter();
    m_measureJob.start(
        [&service = m_service, question, report, this](std::stop_token stop) {
            const auto progress = [&](const Progress& now) {
                report([this, now] {
                    m_progressText->setText(fromUtf8(now.what));
                    m_progress->setRange(0, int(now.total));
                    m_progress->setValue(int(now.done));
                });
            };
            return service.measureComputer(question, progress, stop);
        },
        [this](Result<ComputerReport> found) {
            m_measuring = false;
            if (found.ok())
                show(*found);
            else
                m_notice->setText(fromUtf8(found.error().text()));
            m_notice->setVisible(!found.ok());
            refresh();
        });
    refresh();
}

void ComputerPage::stopMeasuring(const QString& notice) {
    m_measureJob.cancel();
    m_measuring = false;
    m_notice->setText(notice);
    m_notice->show();
    refresh();
}

void ComputerPage::refresh() {
    const bool busy = training();
    m_measure->setText(m_measuring ? tr("Cance&l") : m_report ? tr("&Measure again") : tr("&Measure"));
    m_measure->setEnabled(m_measuring || !busy);
    for (QWidget* each :
         {static_cast<QWidget*>(m_folder), static_cast<QWidget*>(m_choose), static_cast<QWidget*>(m_quick)})
        each->setEnabled(!m_measuring && !busy);
    m_copy->setEnabled(m_report.has_value());
    m_progressRow->setVisible(m_measuring);
    const QString when =
        !m_report
            ? tr("Not measured yet. Plans use careful assumptions until then.")
            : tr("Measured %1. Plans use these figures.")
                  .arg(QLocale().toString(QDateTime::fromSecsSinceEpoch(m_report->measuredAt), QLocale::ShortFormat));
    m_sentence->setText(
        busy ? tr("%1 A run is training. Pause it to measure: both would slow each other down.").arg(when) : when);
}

void ComputerPage::show(const ComputerReport& report) {
    m_report = report;
    QStringList sets;
    for (const std::string& each : report.instructions)
        sets << fromUtf8(each);
    m_processor->show(
        tr("%1, %2 cores, %3 threads").arg(fromUtf8(report.processor)).arg(report.cores).arg(report.threads),
        tr("Vector instructions: %1. BF16 products are %2.")
            .arg(sets.isEmpty() ? tr("none that are known here") : sets.join(", "),
                 report.fastBf16 ? tr("done by the processor itself") : tr("imitated with FP32")),
        sets.isEmpty() ? noteBadge(tr("Slow")) : goodBadge());
    m_products->show(tr("FP32 %1 · BF16 %2 · FP16 %3")
                         .arg(flopsText(report.productFlopsFp32), flopsText(report.productFlopsBf16),
                              flopsText(report.productFlopsFp16)),
                     bf16Text(bf16Speed(report)), goodBadge());
    m_training->show(
        tr("forward %1 · backward %2").arg(flopsText(report.forwardFlops), flopsText(report.backwardFlops)),
        tr("Measured with layers like those of %1. A model of 124 M parameters trains at about %2 tokens/s. Updates "
           "run at %3.")
            .arg(fromUtf8(report.recipe), numberText(trainedTokensPerSecond(report, 124e6), 0),
                 memoryRate(report.updateBytes)),
        goodBadge());
    m_memory->show(
        tr("%1, %2 free").arg(bytesText(double(report.ramTotalBytes)), bytesText(double(report.ramFreeBytes))),
        tr("About %1 parameters train without the drive; larger models are streamed.")
            .arg(countText(parametersInRam(report))),
        goodBadge());
    const bool ample = memoryOutrunsDrive(report);
    m_copying->show(memoryRate(report.memoryBytes),
                    ample ? tr("Far faster than the drive: memory does not slow streaming down.")
                          : tr("Not much more than the drive gives: streaming takes time from the arithmetic."),
                    ample ? goodBadge() : noteBadge(tr("Tight")));
    const QString engine = report.uring ? tr("Through io_uring, the better way here.")
                                        : tr("Through a pool of threads, the better way here.");
    m_drive->show(
        tr("reads %1 · writes %2").arg(rateText(report.readBytes), rateText(report.writeBytes)),
        !report.direct
            ? tr("The folder has no direct access: these are the system cache's figures, and plans do not use them.")
        : report.sustained ? tr("%1 Sustained, after the drive's fast cache was used up.").arg(engine)
                           : tr("%1 A short measurement: long writing may be slower.").arg(engine),
        report.direct ? goodBadge() : noteBadge(tr("Cached")));
    m_space->show(bytesText(double(report.diskFreeBytes)),
                  tr("Room for about %1 parameters with the state Exact, %2 with Lean.")
                      .arg(countText(parametersOnDrive(report, StatePreset::Exact)),
                           countText(parametersOnDrive(report, StatePreset::Lean))),
                  report.diskFreeBytes > int64_t(8) << 30 ? goodBadge() : noteBadge(tr("Little")));
    m_sizes->show(report);
    if (!m_measuring && !report.folder.empty() && !m_folder->isModified())
        m_folder->setText(fromPath(report.folder));
    refresh();
}

void ComputerPage::chooseFolder() {
    auto* dialog = new QFileDialog(this, tr("A folder on the drive to measure"), m_folder->text());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& folder) {
        m_folder->setText(folder);
        m_folder->setModified(true);
    });
    dialog->open();
}

/// Without paths and names.
void ComputerPage::copyReport() {
    QStringList lines;
    for (const CheckCard* card : {m_processor, m_products, m_training, m_memory, m_copying, m_drive, m_space})
        lines << card->text();
    QGuiApplication::clipboard()->setText(lines.join('\n'));
}

}  // namespace gsst
