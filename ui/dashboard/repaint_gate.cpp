// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dashboard/repaint_gate.h"

#include <QEvent>

namespace gsst {

RepaintGate::RepaintGate(QWidget& widget, int milliseconds, std::function<void()> repaint)
    : QObject(&widget), m_widget(widget), m_repaint(std::move(repaint)) {
    m_timer.setSingleShot(true);
    m_timer.setInterval(milliseconds);
    QObject::connect(&m_timer, &QTimer::timeout, this, [this] { fire(); });
    widget.installEventFilter(this);
}

void RepaintGate::request() {
    m_wanted = true;
    if (m_widget.isVisible() && !m_timer.isActive())
        m_timer.start();
}

void RepaintGate::fire() {
    if (!m_wanted || !m_widget.isVisible())
        return;
    m_wanted = false;
    ++m_count;
    m_repaint();
}

bool RepaintGate::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::Show && m_wanted && !m_timer.isActive())
        m_timer.start();
    return QObject::eventFilter(watched, event);
}

}  // namespace gsst
