// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/events.h"
#include "ui/theme/icons.h"
#include "ui/widgets/widgets.h"

namespace gsst {

/// What happened, what is safe, and what to do: one default, and ways around it. Hidden while nothing is wrong.
class NoticeBanner : public QFrame {
    Q_OBJECT
public:
    explicit NoticeBanner(const Theme& theme);
    void show(const Failed& failed);
    /// A refusal before anything ran: nothing is at stake, and there is nothing to resume.
    void show(const Error& error);
    void dismiss();
    QString text() const;

signals:
    void shownChanged(bool shown);
    void resumeRequested();

private:
    void set(const Error& error, const QString& safe);

    IconLabel* m_icon = nullptr;
    QLabel* m_what = nullptr;
    QLabel* m_detail = nullptr;
    QLabel* m_todo = nullptr;
    QPushButton* m_resume = nullptr;
    Error m_error;
};

}  // namespace gsst
