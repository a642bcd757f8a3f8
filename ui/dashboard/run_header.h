// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/run_controller.h"
#include "ui/widgets/pill.h"
#include "ui/widgets/widgets.h"

#include <QProgressBar>
#include <QToolButton>

namespace gsst {

/// Name and state of the run, how far it is, and the one big button.
class RunHeader : public QWidget {
    Q_OBJECT
public:
    RunHeader(RunController& controller, const Theme& theme, QWidget* parent = nullptr);
    /// Words of what is prepared ("Training the tokenizer"), shown instead of the step; 0..1 or negative = unknown.
    void setPreparing(const QString& what, double share);
    void setSecondsLeft(double seconds);
    void refresh();
    const QToolButton& button() const { return *m_button; }
    const QLabel& stepLabel() const { return *m_step; }
    const Pill& pill() const { return *m_pill; }

private:
    void press();
    void refreshButton();
    void refreshProgress();

    RunController& m_controller;
    const Theme& m_theme;
    ElidedLabel* m_name = nullptr;
    ElidedLabel* m_origin = nullptr;
    Pill* m_pill = nullptr;
    QLabel* m_step = nullptr;
    ElidedLabel* m_left = nullptr;
    QProgressBar* m_bar = nullptr;
    QToolButton* m_button = nullptr;
    QAction* m_afterStep = nullptr;
    QAction* m_stop = nullptr;
    QString m_preparing;
    double m_preparingShare = -1;
    double m_secondsLeft = -1;
};

}  // namespace gsst
