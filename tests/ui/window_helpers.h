// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/widgets/widgets.h"

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QAbstractSlider>
#include <QAbstractSpinBox>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QTranslator>

namespace gsst {

/// Every text 40 % longer, as a translation may be.
class LongStrings : public QTranslator {
public:
    QString translate(const char*, const char* source, const char*, int number) const override {
        QString text = QString::fromUtf8(source);
        if (number >= 0)
            text.replace("%n", QString::number(number));
        const auto more = qsizetype(text.size() * 2 / 5);
        return more == 0
                   ? text
                   : text + QString("ausgedehnter Zusatz der Worte, lang und breit").repeated(1 + more / 45).left(more);
    }
    bool isEmpty() const override { return false; }
};

/// Visible labels and buttons whose text does not fit, as "Class: text".
inline QStringList clippedTexts(const QWidget& root) {
    QStringList clipped;
    for (const QWidget* widget : root.findChildren<QWidget*>()) {
        if (!widget->isVisible())
            continue;
        QString text;
        bool fits = true;
        if (const auto* label = qobject_cast<const QLabel*>(widget);
            label && !dynamic_cast<const ElidedLabel*>(widget)) {
            text = label->text();
            fits = label->wordWrap() ? label->heightForWidth(label->width()) <= label->height() + 1
                                     : label->sizeHint().width() <= label->width() + 1 &&
                                           label->sizeHint().height() <= label->height() + 1;
        } else if (const auto* button = qobject_cast<const QAbstractButton*>(widget)) {
            text = button->text();
            fits = button->minimumSizeHint().width() <= button->width() + 1;
        }
        if (!text.isEmpty() && !fits)
            clipped << QString("%1: \"%2\" %3x%4 of %5x%6")
                           .arg(widget->metaObject()->className(), text)
                           .arg(widget->width())
                           .arg(widget->height())
                           .arg(widget->sizeHint().width())
                           .arg(widget->sizeHint().height());
    }
    return clipped;
}

/// Visible controls that a screen reader could not name.
inline QStringList namelessControls(const QWidget& root) {
    QStringList nameless;
    for (const QWidget* widget : root.findChildren<QWidget*>()) {
        const bool control = qobject_cast<const QAbstractButton*>(widget) ||
                             qobject_cast<const QAbstractSlider*>(widget) ||
                             qobject_cast<const QAbstractSpinBox*>(widget) || qobject_cast<const QComboBox*>(widget) ||
                             qobject_cast<const QLineEdit*>(widget) || qobject_cast<const QAbstractItemView*>(widget);
        const bool inner = widget->objectName().startsWith("qt_") || widget->inherits("QScrollBar") ||
                           widget->inherits("QHeaderView") || widget->inherits("QTableCornerButton") ||
                           qobject_cast<const QAbstractSpinBox*>(widget->parentWidget()) ||
                           qobject_cast<const QLineEdit*>(widget->parentWidget());
        if (!control || inner || !widget->isVisible() || widget->focusPolicy() == Qt::NoFocus)
            continue;
        const auto* button = qobject_cast<const QAbstractButton*>(widget);
        if (widget->accessibleName().isEmpty() && (!button || button->text().isEmpty()))
            nameless << widget->metaObject()->className();
    }
    return nameless;
}

}  // namespace gsst
