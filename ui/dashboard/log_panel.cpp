// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dashboard/log_panel.h"

#include "ui/theme/icons.h"

#include <QClipboard>
#include <QFontDatabase>
#include <QGuiApplication>
#include <QScrollBar>
#include <QTime>
#include <QToolButton>

namespace gsst {
namespace {

constexpr int kKept = 2000;

}  // namespace

LogPanel::LogPanel(const Theme& theme) : m_theme(theme) {
    setProperty("look", "card");
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(12, 6, 8, 6);
    column->setSpacing(4);
    auto* row = new QHBoxLayout;
    row->addWidget(makeLabel(tr("Log"), "strong"));
    row->addStretch();
    auto* copy = new QToolButton;
    setThemedIcon(*copy, theme, "copy", &ThemeTokens::text2);
    copy->setAccessibleName(tr("Copy the log"));
    copy->setToolTip(tr("Copy the log"));
    connect(copy, &QToolButton::clicked, this, [this] { QGuiApplication::clipboard()->setText(text()); });
    row->addWidget(copy);
    column->addLayout(row);
    m_view = new QPlainTextEdit;
    m_view->setReadOnly(true);
    m_view->setProperty("look", "log");
    m_view->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_view->setAccessibleName(tr("Log, newest first"));
    QFont font = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    m_view->setFont(font);
    m_view->setStyleSheet(QString("font-family: \"%1\"; font-size: %2px;")
                              .arg(font.family())
                              .arg(theme.font(TextSize::Axis).pixelSize()));
    column->addWidget(m_view, 1);
    m_timer.setSingleShot(true);
    m_timer.setInterval(150);
    connect(&m_timer, &QTimer::timeout, this, &LogPanel::flush);
}

void LogPanel::clear() {
    m_lines.clear();
    m_view->clear();
}

void LogPanel::add(const QString& line, LogLine::Level level) {
    const QString mark = level == LogLine::Level::Error     ? tr("error: ")
                         : level == LogLine::Level::Warning ? tr("warning: ")
                                                            : QString();
    m_lines.prepend(QTime::currentTime().toString("HH:mm:ss") + "  " + mark + line);
    while (m_lines.size() > kKept)
        m_lines.removeLast();
    if (!m_timer.isActive())
        m_timer.start();
}

void LogPanel::flush() {
    const int at = m_view->verticalScrollBar()->value();
    m_view->setPlainText(text());
    m_view->verticalScrollBar()->setValue(at);
}

}  // namespace gsst
