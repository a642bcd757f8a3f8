// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/events.h"
#include "ui/theme/theme.h"
#include "ui/widgets/widgets.h"

#include <QPlainTextEdit>
#include <QTimer>

namespace gsst {

/// The run's log, newest first, in a fixed font. Lines are collected and shown a few times a second.
class LogPanel : public QFrame {
    Q_OBJECT
public:
    explicit LogPanel(const Theme& theme);
    void clear();
    void add(const QString& line, LogLine::Level level = LogLine::Level::Info);
    QString text() const { return m_lines.join('\n'); }

private:
    void flush();

    const Theme& m_theme;
    QPlainTextEdit* m_view = nullptr;
    QStringList m_lines;
    QTimer m_timer;
};

}  // namespace gsst
