// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/run_controller.h"
#include "ui/wizard/draft_page.h"

#include <QWizard>

namespace gsst {

class StepList;
class TextPage;

/// Five pages from text to Start. With defaults, Enter goes all the way. Collects a RunDraft; starts nothing itself.
class NewRunWizard : public QWizard {
    Q_OBJECT
public:
    struct Start {
        std::filesystem::path runsFolder;
        MachineFacts machine;
        std::vector<std::filesystem::path> text;  ///< dropped on the start page
        bool sampleText = false;
    };
    NewRunWizard(TrainingService& service, const Theme& theme, const Start& start, QWidget* parent = nullptr);

    const RunDraft& draft() const { return m_draft; }
    void accept() override;

signals:
    void startRequested(const gsst::RunRequest& request, const gsst::OpenRunFacts& facts);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void pageShown(int id);
    void goTo(int page);
    void copyCommand();

    const Theme& m_theme;
    RunDraft m_draft;
    WizardContext m_context;
    StepList* m_steps = nullptr;
};

}  // namespace gsst
