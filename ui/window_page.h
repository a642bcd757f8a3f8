// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QKeySequence>
#include <QString>

#include <functional>

class QWidget;

namespace gsst {

enum class PageId { Runs, Dashboard, Computer };

/// A page of the window, told once: the sidebar, the menu and the stack of pages are made from a list of these.
struct WindowPage {
    /// Where in the sidebar its entry stands.
    enum class Group {
        Top,
        OpenRun,  ///< shown while there is an open run
        Bottom
    };

    PageId id = PageId::Runs;
    Group group = Group::Top;
    QString icon;
    QString title;
    QString hint;      ///< tooltip of the entry; empty: none
    QString menuText;  ///< with its mnemonic
    QKeySequence shortcut;
    QWidget* widget = nullptr;
    std::function<void()> enter;  ///< called each time it is shown; may be empty
};

}  // namespace gsst
