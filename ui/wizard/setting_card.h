// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/widgets/widgets.h"

namespace gsst {

/// One setting: name, one sentence of why, its field; when it differs from what was recommended, "changed" and Reset.
class SettingCard : public QFrame {
    Q_OBJECT
public:
    /// Takes `field` into the card and makes it the name's buddy.
    SettingCard(const QString& name, QWidget* field);
    void setWhy(const QString& sentence) { m_why->setText(sentence); }
    void setChanged(bool changed);
    bool changed() const { return !m_reset->isHidden(); }

signals:
    void reset();

private:
    QLabel* m_why = nullptr;
    QLabel* m_mark = nullptr;
    QPushButton* m_reset = nullptr;
};

}  // namespace gsst
