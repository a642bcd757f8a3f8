// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme.h"
#include "ui/widgets/widgets.h"

#include <QToolButton>

namespace gsst {

/// A card whose content opens and closes with its head line. Closed at first.
class Disclosure : public QFrame {
    Q_OBJECT
public:
    /// Takes `content`. The head says `title` and, beside it, one quiet sentence.
    Disclosure(const Theme& theme, const QString& title, const QString& sentence, QWidget* content);
    void setOpen(bool open) { m_head->setChecked(open); }
    bool isOpen() const { return m_head->isChecked(); }
    QToolButton& head() { return *m_head; }

signals:
    void toggled(bool open);

private:
    QToolButton* m_head = nullptr;
};

}  // namespace gsst
