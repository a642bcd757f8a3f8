// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/background_job.h"
#include "ui/widgets/disclosure.h"
#include "ui/widgets/pill.h"
#include "ui/wizard/draft_page.h"
#include "ui/wizard/kinds_table.h"
#include "ui/wizard/limit_card.h"
#include "ui/wizard/plan_choices.h"
#include "ui/wizard/plan_reasons.h"

namespace gsst {

/// Page 3: what the run may use. Every change is planned again on a pool thread, the latest wins; Next is off until it
/// fits.
class BudgetPage : public DraftPage {
    Q_OBJECT
public:
    explicit BudgetPage(WizardContext& context);
    void enter() override;
    bool isComplete() const override { return draft().plan && draft().plan->fits && !m_job.busy(); }
    int nextId() const override { return TrainingPageId; }

private:
    QWidget* makeLimits();
    QWidget* makeVerdict();
    QWidget* makeMore();
    void readChoices();
    void explain();
    void readLimits();
    void replan();
    void show(const PlanPreview& plan);
    void showMachine();
    void useSmallest();

    BackgroundJob m_job;
    BackgroundJob m_reasonsJob;
    Disclosure* m_advanced = nullptr;
    PlanChoices* m_choices = nullptr;
    Disclosure* m_why = nullptr;
    PlanReasons* m_reasons = nullptr;
    LimitCard* m_device = nullptr;
    LimitCard* m_ram = nullptr;
    LimitCard* m_disk = nullptr;
    KindsTable* m_kinds = nullptr;
    IconLabel* m_verdictIcon = nullptr;
    QLabel* m_verdict = nullptr;
    QLabel* m_reason = nullptr;
    Pill* m_fits = nullptr;
    QPushButton* m_use = nullptr;
    QLabel* m_speed = nullptr;
    QLabel* m_time = nullptr;
    QLabel* m_read = nullptr;
    QLabel* m_written = nullptr;
    QLabel* m_writtenInAll = nullptr;
    QLabel* m_warnings = nullptr;
};

}  // namespace gsst
