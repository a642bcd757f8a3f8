// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/run_controller.h"
#include "ui/theme/icons.h"
#include "ui/widgets/widgets.h"
#include "ui/window_page.h"

#include <QToolButton>

#include <utility>
#include <vector>

namespace gsst {

/// Navigation: an entry for each of the pages, those of the open run below its name.
class Sidebar : public QFrame {
    Q_OBJECT
public:
    Sidebar(const RunController& controller, const Theme& theme, const std::vector<WindowPage>& pages);
    void setCurrent(PageId page);
    void refresh();

signals:
    void chosen(PageId page);

private:
    void addEntries(QBoxLayout& column, const std::vector<WindowPage>& pages, WindowPage::Group group);
    QToolButton* makeEntry(const WindowPage& page);

    const RunController& m_controller;
    const Theme& m_theme;
    std::vector<std::pair<PageId, QToolButton*>> m_entries;
    QWidget* m_openRun = nullptr;
    IconLabel* m_stateIcon = nullptr;
    ElidedLabel* m_name = nullptr;
};

}  // namespace gsst
