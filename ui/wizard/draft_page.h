// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/draft/run_draft.h"
#include "ui/theme/theme.h"
#include "ui/widgets/widgets.h"

#include <QWizardPage>

namespace gsst {

/// What every page of the wizard is given. References outlive the wizard.
struct WizardContext {
    TrainingService& service;
    const Theme& theme;
    RunDraft& draft;
};

enum WizardPageId { TextPageId, ModelPageId, BudgetPageId, TrainingPageId, SummaryPageId };

/// A page: headline, one sentence, then its content in body().
class DraftPage : public QWizardPage {
    Q_OBJECT
public:
    DraftPage(WizardContext& context, const QString& headline, const QString& sentence);

    /// Called each time the page comes up, forward and back: shows what the draft holds.
    virtual void enter() {}

protected:
    QVBoxLayout& body() { return *m_body; }
    QHBoxLayout& headlineRow() { return *m_headlineRow; }
    void setSentence(const QString& text) { m_sentence->setText(text); }
    RunDraft& draft() { return m_context.draft; }
    const RunDraft& draft() const { return m_context.draft; }
    const Theme& theme() const { return m_context.theme; }
    TrainingService& service() { return m_context.service; }

private:
    WizardContext& m_context;
    QVBoxLayout* m_body = nullptr;
    QHBoxLayout* m_headlineRow = nullptr;
    QLabel* m_sentence = nullptr;
};

}  // namespace gsst
