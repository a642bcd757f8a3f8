// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/wizard/budget_page.h"

#include "ui/text/format.h"
#include "ui/widgets/page_scroll.h"

#include <QGridLayout>
#include <QStorageInfo>

namespace gsst {

BudgetPage::BudgetPage(WizardContext& context) : DraftPage(context, tr("What may it use?"), {}) {
    auto* content = new QWidget;
    auto* rows = new QVBoxLayout(content);
    rows->setContentsMargins(0, 0, 6, 0);
    rows->setSpacing(10);
    auto* columns = new QHBoxLayout;
    columns->setSpacing(12);
    columns->addWidget(makeLimits(), 5);
    columns->addWidget(makeVerdict(), 4);
    rows->addLayout(columns);
    rows->addWidget(makeMore());
    rows->addStretch();
    body().addWidget(new PageScroll(content), 1);
}

QWidget* BudgetPage::makeMore() {
    auto* more = new QWidget;
    auto* column = new QVBoxLayout(more);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(10);
    m_choices = new PlanChoices;
    m_advanced = new Disclosure(
        theme(), tr("&Advanced"),
        tr("Bytes a parameter, precision, when and where: what the planner chooses is marked Automatic."), m_choices);
    connect(m_choices, &PlanChoices::changed, this, &BudgetPage::readChoices);
    column->addWidget(m_advanced);
    m_reasons = new PlanReasons;
    m_why = new Disclosure(theme(), tr("&Why this plan"),
                           tr("What lives where and why, and what 1 GiB more memory would change."), m_reasons);
    connect(m_why, &Disclosure::toggled, this, &BudgetPage::explain);
    column->addWidget(m_why);
    return more;
}

QWidget* BudgetPage::makeLimits() {
    auto* limits = new QWidget;
    auto* column = new QVBoxLayout(limits);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(10);
    m_device = new LimitCard(theme(), MemoryTier::Device, {"chip", tr("Device memory")});
    m_ram = new LimitCard(theme(), MemoryTier::Ram, {"memory", tr("RAM")});
    m_disk = new LimitCard(theme(), MemoryTier::Disk, {"disk", tr("Disk")});
    for (LimitCard* card : {m_device, m_ram, m_disk}) {
        connect(card, &LimitCard::limitChanged, this, &BudgetPage::readLimits);
        column->addWidget(card);
    }
    column->addStretch();
    return limits;
}

QWidget* BudgetPage::makeVerdict() {
    auto* side = new QWidget;
    auto* column = new QVBoxLayout(side);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(10);
    QVBoxLayout* inside = nullptr;
    auto* card = makeCard(inside);
    auto* head = new QHBoxLayout;
    m_verdictIcon = new IconLabel(theme(), "hourglass", &ThemeTokens::text2, 20);
    m_verdict = makeLabel({}, "section", true);
    m_fits = new Pill(theme());
    head->addWidget(m_verdictIcon);
    head->addWidget(m_verdict, 1);
    head->addWidget(m_fits);
    inside->addLayout(head);
    m_reason = makeLabel({}, "hint", true);
    inside->addWidget(m_reason);
    m_use = makeButton({});
    connect(m_use, &QPushButton::clicked, this, &BudgetPage::useSmallest);
    inside->addWidget(m_use, 0, Qt::AlignLeft);
    inside->addWidget(makeRule());
    auto* grid = new QGridLayout;
    grid->setVerticalSpacing(6);
    int row = 0;
    const auto figure = [&](QLabel*& value, const QString& name) {
        grid->addWidget(new ElidedLabel(name, "quiet"), row, 0);
        value = makeLabel({}, "strong");
        value->setAlignment(Qt::AlignRight);
        grid->addWidget(value, row++, 1);
    };
    figure(m_speed, tr("Speed"));
    figure(m_time, tr("Time"));
    figure(m_read, tr("Read per step"));
    figure(m_written, tr("Written per step"));
    figure(m_writtenInAll, tr("Written in all"));
    inside->addLayout(grid);
    m_drive = makeLabel({}, "warning", true);
    m_drive->hide();
    inside->addWidget(m_drive);
    column->addWidget(card);
    auto* homes = makeCard(inside);
    inside->addWidget(makeLabel(tr("Where everything lives"), "section"));
    m_kinds = new KindsTable(theme());
    inside->addWidget(m_kinds);
    column->addWidget(homes);
    column->addStretch();
    return side;
}

void BudgetPage::enter() {
    showMachine();
    m_choices->show(draft().spec, draft().recommended);
    const Budget& budget = draft().spec.budget;
    m_device->setLimit(budget.deviceBytes);
    m_ram->setLimit(budget.ramBytes);
    m_disk->setLimit(budget.diskBytes);
    replan();
}

void BudgetPage::showMachine() {
    const MachineFacts& machine = draft().machine;
    const QString ram = machine.ramBytes <= 0 ? QString()
                                              : tr("%1 of %2 free")
                                                    .arg(bytesNumber(double(machine.freeRamBytes), kGiB),
                                                         bytesText(double(machine.ramBytes)));
    m_device->setMachine(machine.ramBytes, tr("in RAM"));
    m_ram->setMachine(machine.ramBytes, ram);
    std::filesystem::path folder = draft().runsFolder;
    std::error_code ignored;
    while (!folder.empty() && !std::filesystem::exists(folder, ignored) && folder != folder.parent_path())
        folder = folder.parent_path();
    const QStorageInfo drive(fromPath(folder));
    const bool known = drive.isValid() && drive.bytesTotal() > 0;
    m_disk->setMachine(known ? drive.bytesAvailable() : 0,
                       known ? tr("%1 free").arg(bytesText(double(drive.bytesAvailable()))) : QString());
}

void BudgetPage::readLimits() {
    Budget& budget = draft().spec.budget;
    budget.deviceBytes = m_device->limit();
    budget.ramBytes = m_ram->limit();
    budget.diskBytes = m_disk->limit();
    replan();
}

void BudgetPage::readChoices() {
    const RunSpec& chosen = m_choices->spec();
    draft().spec.budget = chosen.budget;
    draft().spec.training.state = chosen.training.state;
    draft().spec.training.precision = chosen.training.precision;
    draft().spec.training.clip = chosen.training.clip;
    draft().spec.training.clipNorm = chosen.training.clipNorm;
    // The limits are not among these choices.
    readLimits();
}

/// It plans many times: only while somebody looks, and after the plan itself is there.
void BudgetPage::explain() {
    m_reasonsJob.cancel();
    if (!m_why->isOpen())
        return;
    if (!draft().plan)
        return m_reasons->showText(tr("Planning…"));
    if (!draft().plan->fits)
        return m_reasons->showText(fromUtf8(draft().plan->problem));
    m_reasons->showText(tr("Comparing with the other choices…"));
    m_reasonsJob.start([&service = service(), question = PlanQuestion{draft().spec, draft().place()}](
                           std::stop_token) { return service.explainPlan(question); },
                       [this](Result<ExplainedPlan> found) {
                           if (found.ok())
                               m_reasons->show(found->explanation);
                           else
                               m_reasons->showText(fromUtf8(found.error().text()));
                       });
}

void BudgetPage::replan() {
    draft().plan.reset();
    explain();
    m_job.start([&service = service(), question = PlanQuestion{draft().spec, draft().place()}](
                    std::stop_token) { return previewOf(service, question); },
                [this](const PlanPreview& plan) {
                    draft().plan = plan;
                    show(plan);
                    explain();
                    emit completeChanged();
                });
    m_fits->setLook({"hourglass", tr("Planning…"), &ThemeTokens::text2, &ThemeTokens::neutralTint});
    emit completeChanged();
}

void BudgetPage::show(const PlanPreview& plan) {
    const bool fits = plan.fits;
    const bool disk = plan.bottleneck == Bottleneck::Disk;
    setSentence(fits ? tr("The plan fits. Move a limit and everything on this page follows.")
                     : tr("The plan does not fit yet. Raise a limit, or go back and choose a smaller model."));
    m_fits->setLook(fits ? PillLook{"check", tr("Fits"), &ThemeTokens::ok, &ThemeTokens::okTint}
                         : PillLook{"cross", tr("Does not fit"), &ThemeTokens::error, &ThemeTokens::errorTint});
    m_verdictIcon->show(fits ? (disk ? "disk" : "bolt") : "warning",
                        fits ? (disk ? &ThemeTokens::warning : &ThemeTokens::ok) : &ThemeTokens::error);
    m_verdict->setText(!fits ? tr("Over budget") : disk ? tr("Disk-bound") : tr("Compute-bound"));
    m_reason->setText(
        !fits            ? fromUtf8(plan.problem)
        : !plan.streamed ? tr("The processor sets the pace. All state stays in RAM; the disk is used for commits only.")
        : disk           ? tr("The disk sets the pace. More tokens a step make streaming cheaper.")
                         : tr("The processor sets the pace. Streaming from the disk hides behind it."));
    const bool smaller =
        !fits && draft().spec.budget.deviceBytes > 0 && plan.smallestDeviceBytes > draft().spec.budget.deviceBytes;
    m_use->setVisible(smaller);
    if (smaller)
        m_use->setText(
            tr("Use %1 of device memory, the smallest that would do").arg(bytesText(double(plan.smallestDeviceBytes))));
    m_speed->setText(fits ? tr("%1 tokens/s").arg(numberText(plan.tokensPerSecond, 0)) : tr("–"));
    m_time->setText(fits ? durationText(plan.totalSeconds) : tr("–"));
    m_read->setText(fits ? bytesText(double(plan.readBytesPerStep)) : tr("–"));
    m_written->setText(fits ? bytesText(double(plan.writtenBytesPerStep)) : tr("–"));
    m_writtenInAll->setText(fits ? bytesText(double(plan.writtenBytesPerStep) * double(draft().spec.training.steps))
                                 : tr("–"));
    m_drive->setText(driveWarning(plan));
    m_drive->setVisible(assumesDrive(plan));
    m_device->show(
        plan, fits ? tr("Peak %1. The model is cut into %2 slices, one in work at a time.")
                         .arg(bytesText(double(plan.devicePeakBytes)))
                         .arg(plan.slices)
                   : tr("The smallest limit that would do is %1.").arg(bytesText(double(plan.smallestDeviceBytes))));
    m_ram->show(
        plan,
        fits ? tr("Peak %1. Layer inputs stay here between the two sweeps.").arg(bytesText(double(plan.ramPeakBytes)))
             : tr("Waiting for a plan that fits."));
    m_disk->show(plan, fits ? tr("%1 reserved at the start, so the run cannot fill the disk later.")
                                  .arg(bytesText(double(plan.diskBytes)))
                            : tr("Waiting for a plan that fits."));
    m_kinds->show(plan);
}

void BudgetPage::useSmallest() {
    // A little above, in whole MiB, so that the field shows what is used.
    const int64_t mib = int64_t(kMiB);
    m_device->setLimit((draft().plan->smallestDeviceBytes + mib - 1) / mib * mib);
    readLimits();
}

}  // namespace gsst
