// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/wizard/new_run_wizard.h"

#include "ui/text/format.h"
#include "ui/wizard/budget_page.h"
#include "ui/wizard/model_page.h"
#include "ui/wizard/step_list.h"
#include "ui/wizard/summary_page.h"
#include "ui/wizard/text_page.h"
#include "ui/wizard/training_page.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QPainter>

namespace gsst {

NewRunWizard::NewRunWizard(TrainingService& service, const Theme& theme, const Start& start, QWidget* parent)
    : QWizard(parent), m_theme(theme), m_context{service, theme, m_draft} {
    m_draft.runsFolder = start.runsFolder;
    m_draft.machine = start.machine;
    m_draft.text = start.text;
    m_draft.sampleText = start.sampleText;
    setWindowTitle(tr("New run"));
    setWizardStyle(ClassicStyle);
    setOptions(IndependentPages | NoBackButtonOnStartPage | HaveCustomButton1 | CancelButtonOnLeft);
    setButtonText(BackButton, tr("&Back"));
    setButtonText(NextButton, tr("&Next"));
    setButtonText(CancelButton, tr("Cancel"));
    setButtonText(FinishButton, tr("&Start"));
    setButtonText(CustomButton1, tr("&Copy command"));
    setButtonLayout({CancelButton, CustomButton1, Stretch, BackButton, NextButton, FinishButton});
    m_steps = new StepList(theme, {tr("Text"), tr("Model"), tr("Budget"), tr("Training"), tr("Summary")});
    setSideWidget(m_steps);
    auto* summary = new SummaryPage(m_context);
    setPage(TextPageId, new TextPage(m_context));
    setPage(ModelPageId, new ModelPage(m_context));
    setPage(BudgetPageId, new BudgetPage(m_context));
    setPage(TrainingPageId, new TrainingPage(m_context));
    setPage(SummaryPageId, summary);
    for (const WizardButton each : {NextButton, FinishButton}) {
        gsst::setLook(*button(each), "look", "primary");
        button(each)->setMinimumWidth(120);
    }
    setThemedIcon(*button(FinishButton), theme, "play", &ThemeTokens::onAccent);
    setThemedIcon(*button(CustomButton1), theme, "copy", &ThemeTokens::text);
    connect(this, &QWizard::currentIdChanged, this, &NewRunWizard::pageShown);
    connect(this, &QWizard::customButtonClicked, this, [this](int which) {
        if (which == CustomButton1)
            copyCommand();
    });
    connect(summary, &SummaryPage::editRequested, this, &NewRunWizard::goTo);
    connect(&theme, &Theme::changed, this, [this] { update(); });
    resize(1120, 690);
}

void NewRunWizard::pageShown(int id) {
    if (id < 0)
        return;
    m_steps->setCurrent(id);
    button(CustomButton1)->setVisible(id == SummaryPageId);
    auto* current = static_cast<DraftPage*>(page(id));
    current->enter();
    emit current->completeChanged();
    // Enter means Next on every page, and Start on the last.
    static_cast<QPushButton*>(button(id == SummaryPageId ? FinishButton : NextButton))->setDefault(true);
    if (QWidget* focus = focusWidget(); !focus || focus == button(BackButton) || focus == button(CancelButton))
        button(id == SummaryPageId ? FinishButton : NextButton)->setFocus();
}

void NewRunWizard::goTo(int target) {
    while (currentId() > target)
        back();
}

void NewRunWizard::accept() {
    OpenRunFacts facts;
    facts.folder = m_draft.runFolder;
    facts.name = m_draft.name;
    facts.steps = m_draft.spec.training.steps;
    facts.origin = m_draft.sampleText ? tr("From scratch · sample stories")
                                      : tr("From scratch · %1 of text")
                                            .arg(bytesText(double(m_draft.summary ? m_draft.summary->usableBytes : 0)));
    const RunRequest request = requestOf(m_draft);
    QWizard::accept();
    emit startRequested(request, facts);
}

void NewRunWizard::copyCommand() {
    QGuiApplication::clipboard()->setText(commandLineOf(m_draft));
}

void NewRunWizard::paintEvent(QPaintEvent* event) {
    QWizard::paintEvent(event);
    // The row of buttons and the margin around the step list stand on the side's colour.
    const int top = button(CancelButton)->mapTo(this, QPoint(0, 0)).y() - 14;
    const int side = m_steps->mapTo(this, QPoint(m_steps->width(), 0)).x();
    QPainter painter(this);
    painter.fillRect(0, 0, side, top, m_theme.tokens().side);
    painter.fillRect(side - 1, 0, 1, top, m_theme.tokens().line);
    painter.fillRect(0, top, width(), height() - top, m_theme.tokens().side);
    painter.fillRect(0, top, width(), 1, m_theme.tokens().line);
}

void NewRunWizard::resizeEvent(QResizeEvent* event) {
    QWizard::resizeEvent(event);
    update();
}

}  // namespace gsst
