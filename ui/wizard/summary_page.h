// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/background_job.h"
#include "ui/theme/icons.h"
#include "ui/wizard/draft_page.h"

#include <QLineEdit>

namespace gsst {

/// Page 5: what will happen, with ways back to each part. Nothing is written before Start.
class SummaryPage : public DraftPage {
    Q_OBJECT
public:
    explicit SummaryPage(WizardContext& context);
    void enter() override;
    bool isComplete() const override;
    int nextId() const override { return -1; }

signals:
    void editRequested(int page);

private:
    struct Check {
        IconLabel* icon = nullptr;
        QLabel* title = nullptr;
        QLabel* detail = nullptr;
        QWidget* row = nullptr;
    };
    QWidget* makeFacts();
    QWidget* makeChecks();
    void renamed();
    void folderEdited();
    void chooseFolder();
    void replan();
    void showPlan();
    void showChecks();
    bool folderUsable() const;

    QLineEdit* m_name = nullptr;
    QLineEdit* m_folder = nullptr;
    ElidedLabel* m_text = nullptr;
    ElidedLabel* m_model = nullptr;
    ElidedLabel* m_budget = nullptr;
    ElidedLabel* m_training = nullptr;
    QLabel* m_time = nullptr;
    QLabel* m_done = nullptr;
    Check m_textCheck, m_planCheck, m_driveCheck, m_folderCheck;
    bool m_folderByUser = false;
    BackgroundJob m_job;
};

}  // namespace gsst
