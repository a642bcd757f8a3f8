// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QScrollArea>
#include <QScrollBar>

namespace gsst {

/// A page that scrolls up and down where the window is too low for it, never sideways: it is at least as wide as its
/// content needs.
class PageScroll : public QScrollArea {
public:
    explicit PageScroll(QWidget* content) {
        setWidget(content);
        setWidgetResizable(true);
        setFrameShape(QFrame::NoFrame);
        setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
        // Only what is inside takes keys.
        setFocusPolicy(Qt::NoFocus);
        viewport()->setAutoFillBackground(false);
        content->setAutoFillBackground(false);
    }
    QSize minimumSizeHint() const override {
        return {widget()->minimumSizeHint().width() + verticalScrollBar()->sizeHint().width() + 2, 200};
    }
    QSize sizeHint() const override { return widget()->sizeHint().expandedTo(minimumSizeHint()); }
};

}  // namespace gsst
