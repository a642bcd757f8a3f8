// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/wizard/summary_page.h"

#include "ui/text/format.h"

#include <QFileDialog>
#include <QGridLayout>

#include <algorithm>

namespace gsst {

SummaryPage::SummaryPage(WizardContext& context)
    : DraftPage(context, tr("Ready to start"),
                tr("Nothing is written until you press Start. You can pause at any moment.")) {
    auto* columns = new QHBoxLayout;
    columns->setSpacing(12);
    columns->addWidget(makeFacts(), 6);
    columns->addWidget(makeChecks(), 5);
    body().addLayout(columns);
    body().addStretch();
}

QWidget* SummaryPage::makeFacts() {
    QVBoxLayout* inside = nullptr;
    auto* card = makeCard(inside);
    auto* nameLabel = makeLabel(tr("Na&me"), "quiet");
    m_name = new QLineEdit;
    nameLabel->setBuddy(m_name);
    m_name->setAccessibleName(tr("Name"));
    inside->addWidget(nameLabel);
    inside->addWidget(m_name);
    auto* folderLabel = makeLabel(tr("Run &folder"), "quiet");
    m_folder = new QLineEdit;
    folderLabel->setBuddy(m_folder);
    m_folder->setAccessibleName(tr("Run folder"));
    auto* browse = makeButton(tr("B&rowse…"));
    connect(browse, &QPushButton::clicked, this, &SummaryPage::chooseFolder);
    auto* row = new QHBoxLayout;
    row->addWidget(m_folder, 1);
    row->addWidget(browse);
    inside->addWidget(folderLabel);
    inside->addLayout(row);
    inside->addWidget(makeRule());
    auto* grid = new QGridLayout;
    grid->setVerticalSpacing(8);
    grid->setColumnStretch(1, 1);
    int line = 0;
    const auto fact = [&](ElidedLabel*& value, const QString& name, int page) {
        grid->addWidget(makeLabel(name, "quiet"), line, 0);
        value = new ElidedLabel({}, "strong");
        value->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
        grid->addWidget(value, line, 1);
        auto* edit = makeButton(tr("Edit"), "link");
        edit->setAccessibleName(tr("Edit %1").arg(name));
        connect(edit, &QPushButton::clicked, this, [this, page] { emit editRequested(page); });
        grid->addWidget(edit, line++, 2);
    };
    fact(m_text, tr("Text"), TextPageId);
    fact(m_model, tr("Model"), ModelPageId);
    fact(m_budget, tr("Budget"), BudgetPageId);
    fact(m_training, tr("Training"), TrainingPageId);
    inside->addLayout(grid);
    connect(m_name, &QLineEdit::textEdited, this, &SummaryPage::renamed);
    connect(m_folder, &QLineEdit::textEdited, this, &SummaryPage::folderEdited);
    return card;
}

QWidget* SummaryPage::makeChecks() {
    auto* side = new QWidget;
    auto* column = new QVBoxLayout(side);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(12);
    QVBoxLayout* inside = nullptr;
    auto* key = makeCard(inside);
    inside->setSpacing(0);
    m_time = makeLabel({}, "key", true);
    m_done = makeLabel({}, "hint", true);
    inside->addWidget(m_time);
    inside->addWidget(m_done);
    column->addWidget(key);
    auto* checks = makeCard(inside);
    inside->addWidget(makeLabel(tr("Checks"), "section"));
    for (Check* check : {&m_textCheck, &m_planCheck, &m_driveCheck, &m_folderCheck}) {
        check->row = new QWidget;
        auto* row = new QHBoxLayout(check->row);
        row->setContentsMargins(0, 0, 0, 0);
        row->setSpacing(12);
        check->icon = new IconLabel(theme(), "check", &ThemeTokens::ok, 16);
        row->addWidget(check->icon);
        auto* words = new QVBoxLayout;
        words->setSpacing(0);
        check->title = makeLabel({}, "strong", true);
        check->detail = makeLabel({}, "hint", true);
        words->addWidget(check->title);
        words->addWidget(check->detail);
        row->addLayout(words, 1);
        inside->addWidget(check->row);
    }
    column->addWidget(checks);
    column->addStretch();
    return side;
}

void SummaryPage::enter() {
    RunDraft& state = draft();
    if (state.name.isEmpty() || !m_name->isModified())
        state.name = suggestedName(state);
    m_name->setText(state.name);
    if (!m_folderByUser)
        state.runFolder = freeFolder(state.runsFolder, state.name);
    m_folder->setText(fromPath(state.runFolder));
    const RunSpec& spec = state.spec;
    const double tokens = state.estimatedTokens(spec);
    m_text->setFullText(state.sampleText ? tr("Sample stories")
                                         : tr("%1, about %2 tokens")
                                               .arg(bytesText(double(state.summary ? state.summary->usableBytes : 0)),
                                                    countText(tokens)));
    m_training->setFullText(
        tr("%1 steps of %2 tokens")
            .arg(numberText(double(spec.training.steps), 0), numberText(double(spec.training.tokensPerStep()), 0)));
    showPlan();
    m_name->setFocus();
    if (m_folderByUser)
        replan();
}

void SummaryPage::showPlan() {
    const RunSpec& spec = draft().spec;
    const PlanPreview plan = draft().plan.value_or(PlanPreview());
    m_model->setFullText(
        tr("%1, %2 parameters")
            .arg(fromUtf8(spec.title.empty() ? spec.name : spec.title), countText(double(plan.parameters))));
    m_budget->setFullText(tr("Device %1, RAM %2, disk %3")
                              .arg(bytesText(double(plan.devicePeakBytes)), bytesText(double(plan.ramPeakBytes)),
                                   bytesText(double(plan.diskBytes))));
    m_time->setText(durationText(plan.totalSeconds));
    m_done->setText(tr("%1, if not paused").arg(finishText(plan.totalSeconds)));
    showChecks();
}

bool SummaryPage::isComplete() const {
    return !m_job.busy() && draft().plan && draft().plan->fits && draft().hasText() && folderUsable() &&
           !draft().name.trimmed().isEmpty();
}

bool SummaryPage::folderUsable() const {
    std::error_code ignored;
    const std::filesystem::path& folder = draft().runFolder;
    if (folder.empty() || !folder.is_absolute())
        return false;
    if (!std::filesystem::exists(folder, ignored))
        return true;
    return std::filesystem::is_directory(folder, ignored) && std::filesystem::is_empty(folder, ignored);
}

void SummaryPage::showChecks() {
    const auto show = [](Check& check, bool good, const QString& title, const QString& detail) {
        check.icon->show(good ? "check" : "warning", good ? &ThemeTokens::ok : &ThemeTokens::warning);
        check.title->setText(title);
        check.detail->setText(detail);
    };
    const RunDraft& state = draft();
    const auto leftOut = !state.summary || state.sampleText
                             ? 0
                             : std::count_if(state.summary->files.begin(), state.summary->files.end(),
                                             [](const TextFileInfo& each) { return !each.problem.empty(); });
    show(m_textCheck, state.hasText(), state.sampleText ? tr("Text needs no download") : tr("Text is readable"),
         state.sampleText ? tr("The stories are written at the start")
         : leftOut == 0
             ? tr("All files are used")
             : (leftOut == 1 ? tr("1 file is left out") : tr("%n files are left out", nullptr, int(leftOut))));
    const bool fits = state.plan && state.plan->fits;
    if (fits)
        show(m_planCheck, true, tr("The plan fits"),
             state.plan->streamed ? tr("State streams from disk, every step commits")
                                  : tr("State stays in RAM, commits go to disk"));
    else
        show(m_planCheck, false, tr("The plan does not fit"),
             state.plan ? fromUtf8(state.plan->problem) : tr("Edit the budget or the training"));
    // Only of a plan that needs the drive in every step.
    m_driveCheck.row->setVisible(fits && state.plan->usesDrive());
    if (fits && assumesDrive(*state.plan))
        show(m_driveCheck, false, tr("The drive has not been measured"), driveAssumption(*state.plan));
    else if (fits)
        show(m_driveCheck, true, tr("The drive was measured"),
             tr("%1 reading, %2 writing")
                 .arg(rateText(state.plan->driveReadRate), rateText(state.plan->driveWriteRate)));
    const bool free = folderUsable();
    show(m_folderCheck, free, free ? tr("The run folder is free") : tr("The run folder cannot be used"),
         free ? tr("%1 are reserved there at the start").arg(bytesText(double(fits ? state.plan->diskBytes : 0)))
              : tr("Choose a new or an empty folder, as a full path"));
}

void SummaryPage::renamed() {
    draft().name = m_name->text();
    if (!m_folderByUser) {
        draft().runFolder = freeFolder(draft().runsFolder, draft().name);
        m_folder->setText(fromPath(draft().runFolder));
    }
    showChecks();
    emit completeChanged();
}

void SummaryPage::folderEdited() {
    m_folderByUser = true;
    draft().runFolder = toPath(m_folder->text());
    showChecks();
    replan();
}

/// The folder may be on another drive, with other room and another speed.
void SummaryPage::replan() {
    m_job.start([&service = service(), question = PlanQuestion{draft().spec, draft().place()}](
                    std::stop_token) { return previewOf(service, question); },
                [this](const PlanPreview& plan) {
                    if (!isVisible())  // the draft is another page's now
                        return;
                    draft().plan = plan;
                    showPlan();
                    emit completeChanged();
                });
    emit completeChanged();
}

void SummaryPage::chooseFolder() {
    auto* dialog = new QFileDialog(this, tr("Choose where the run's folder goes"), fromPath(draft().runsFolder));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& folder) {
        m_folder->setText(fromPath(freeFolder(toPath(folder), m_name->text())));
        folderEdited();
    });
    dialog->open();
}

}  // namespace gsst
