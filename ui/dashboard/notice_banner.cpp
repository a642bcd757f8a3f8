// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dashboard/notice_banner.h"

#include "ui/text/format.h"

#include <QClipboard>
#include <QGuiApplication>

namespace gsst {
namespace {

bool isWarning(ErrorCode code) {
    return code == ErrorCode::NoSpace || code == ErrorCode::OverBudget || code == ErrorCode::OutOfMemory ||
           code == ErrorCode::Busy || code == ErrorCode::Cancelled || code == ErrorCode::InvalidInput;
}

QString iconOf(ErrorCode code) {
    switch (code) {
    case ErrorCode::NoSpace:
    case ErrorCode::Io:
        return "disk";
    case ErrorCode::OutOfMemory:
    case ErrorCode::OverBudget:
        return "memory";
    default:
        return "warning";
    }
}

QString sentenceOf(const std::string& phrase) {
    QString text = fromUtf8(phrase);
    if (text.isEmpty())
        return text;
    text[0] = text[0].toUpper();
    return text.endsWith('.') ? text : text + ".";
}

}  // namespace

NoticeBanner::NoticeBanner(const Theme& theme) {
    setProperty("look", "noticeWarning");
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(16, 10, 12, 10);
    row->setSpacing(14);
    m_icon = new IconLabel(theme, "warning", &ThemeTokens::warning, 24);
    row->addWidget(m_icon, 0, Qt::AlignTop);
    auto* words = new QVBoxLayout;
    words->setSpacing(3);
    m_what = makeLabel({}, "section", true);
    m_detail = makeLabel({}, "quiet", true);
    m_todo = makeLabel({}, "", true);
    for (QLabel* label : {m_what, m_detail, m_todo}) {
        label->setTextInteractionFlags(Qt::TextSelectableByMouse);
        words->addWidget(label);
    }
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    m_resume = makeButton(tr("&Try again from the last commit"), "primary");
    connect(m_resume, &QPushButton::clicked, this, [this] {
        dismiss();
        emit resumeRequested();
    });
    auto* copy = makeButton(tr("Copy &diagnostics"));
    connect(copy, &QPushButton::clicked, this, [this] { QGuiApplication::clipboard()->setText(text()); });
    auto* close = makeButton(tr("Stay paused"));
    connect(close, &QPushButton::clicked, this, &NoticeBanner::dismiss);
    buttons->addWidget(m_resume);
    buttons->addWidget(copy);
    buttons->addWidget(close);
    buttons->addStretch();
    words->addLayout(buttons);
    row->addLayout(words, 1);
    hide();
}

void NoticeBanner::show(const Failed& failed) {
    const bool untouched = failed.error.code == ErrorCode::Busy;
    set(failed.error,
        untouched ? tr("Nothing was changed.")
        : failed.committedStep > 0
            ? tr("Nothing before is lost: step %1 is committed.").arg(numberText(double(failed.committedStep), 0))
            : tr("Your text is untouched; no step was committed yet."));
    m_resume->setVisible(failed.committedStep > 0 || failed.error.code != ErrorCode::InvalidInput);
    setVisible(true);
    emit shownChanged(true);
}

void NoticeBanner::show(const Error& error) {
    set(error, tr("Nothing was changed."));
    m_resume->hide();
    setVisible(true);
    emit shownChanged(true);
}

void NoticeBanner::dismiss() {
    hide();
    emit shownChanged(false);
}

void NoticeBanner::set(const Error& error, const QString& safe) {
    m_error = error;
    const bool warning = isWarning(error.code);
    gsst::setLook(*this, "look", warning ? "noticeWarning" : "noticeError");
    m_icon->show(iconOf(error.code), warning ? &ThemeTokens::warning : &ThemeTokens::error);
    m_what->setText(sentenceOf(error.what));
    QString detail = sentenceOf(error.why);
    if (!error.where.empty())
        detail = fromUtf8(error.where) + ": " + detail;
    m_detail->setText((detail + " " + safe).trimmed());
    m_todo->setText(sentenceOf(error.todo));
    m_todo->setVisible(!error.todo.empty());
    setAccessibleName(text());
}

QString NoticeBanner::text() const {
    QStringList lines{m_what->text(), m_detail->text()};
    if (!m_todo->text().isEmpty())
        lines << m_todo->text();
    return lines.join('\n');
}

}  // namespace gsst
