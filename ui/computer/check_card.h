// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/icons.h"
#include "ui/widgets/pill.h"
#include "ui/widgets/widgets.h"

namespace gsst {

/// One thing that was looked at: what, the figure, a badge, and what it means.
class CheckCard : public QFrame {
public:
    CheckCard(const Theme& theme, const QString& icon, const QString& name);
    void show(const QString& figure, const QString& meaning, const PillLook& badge);
    /// Name, figure and meaning in one line.
    QString text() const;

private:
    QString m_name;
    ElidedLabel* m_figure = nullptr;
    QLabel* m_meaning = nullptr;
    Pill* m_badge = nullptr;
};

PillLook goodBadge();
PillLook noteBadge(const QString& text);
PillLook unknownBadge();

}  // namespace gsst
