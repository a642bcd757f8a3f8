// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/run_controller.h"
#include "ui/theme/icons.h"
#include "ui/widgets/widgets.h"

#include <QToolButton>

namespace gsst {

/// Navigation: Runs, and below it the open run with its pages.
class Sidebar : public QFrame {
    Q_OBJECT
public:
    enum Page { Runs, Dashboard, Computer };

    Sidebar(const RunController& controller, const Theme& theme);
    void setCurrent(Page page);
    void refresh();

signals:
    void chosen(int page);

private:
    QToolButton* makeEntry(Page page, const QString& icon, const QString& text);

    const RunController& m_controller;
    const Theme& m_theme;
    QToolButton* m_runs = nullptr;
    QToolButton* m_dashboard = nullptr;
    QToolButton* m_computer = nullptr;
    QWidget* m_openRun = nullptr;
    IconLabel* m_stateIcon = nullptr;
    ElidedLabel* m_name = nullptr;
};

}  // namespace gsst
