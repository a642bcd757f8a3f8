// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/background_job.h"
#include "ui/wizard/draft_page.h"
#include "ui/wizard/setting_card.h"

#include <QComboBox>
#include <QLineEdit>
#include <QSpinBox>

class QCustomPlot;

namespace gsst {

/// Page 4: how long, how much at a time, how fast, how exact. Sizes that change what memory is needed are planned
/// again.
class TrainingPage : public DraftPage {
    Q_OBJECT
public:
    explicit TrainingPage(WizardContext& context);
    void enter() override;
    bool isComplete() const override;
    int nextId() const override { return SummaryPageId; }

private:
    QWidget* makeSettings();
    QWidget* makeMeaning();
    void read();
    void show();
    void resetTo(const std::function<void(TrainSpec&, const TrainSpec&)>& copy);
    void replan();
    void explain();
    static QString whyOf(Precision precision);
    void drawSchedule();

    BackgroundJob m_job;
    QSpinBox* m_steps = nullptr;
    QSpinBox* m_sequences = nullptr;
    QLineEdit* m_rate = nullptr;
    QComboBox* m_precision = nullptr;
    QLineEdit* m_prompt = nullptr;
    SettingCard* m_stepsCard = nullptr;
    SettingCard* m_sequencesCard = nullptr;
    SettingCard* m_rateCard = nullptr;
    SettingCard* m_precisionCard = nullptr;
    SettingCard* m_promptCard = nullptr;
    QCustomPlot* m_schedule = nullptr;
    QLabel* m_meaning = nullptr;
    QLabel* m_problem = nullptr;
    bool m_showing = false;
};

/// Learning rate after `step` steps as the trainer will use it, for the drawing.
double scheduledRate(const TrainSpec& training, double step);

}  // namespace gsst
