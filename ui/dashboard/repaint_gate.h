// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTimer>
#include <QWidget>

#include <functional>

namespace gsst {

/// Lets a widget repaint at most once an interval, and not at all while nobody can see it: requests made meanwhile are
/// kept until it shows again.
class RepaintGate : public QObject {
public:
    RepaintGate(QWidget& widget, int milliseconds, std::function<void()> repaint);
    void request();
    /// Repaints that happened, for tests.
    int64_t count() const { return m_count; }

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void fire();

    QWidget& m_widget;
    std::function<void()> m_repaint;
    QTimer m_timer;
    int64_t m_count = 0;
    bool m_wanted = false;
};

}  // namespace gsst
