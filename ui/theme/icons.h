// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme.h"

#include <QAbstractButton>
#include <QIcon>
#include <QLabel>

namespace gsst {

/// resources/icons/<name>.svg in one colour, sharp at every size and scale.
QIcon tintedIcon(const QString& name, const QColor& color);
QPixmap tintedPixmap(const QString& name, const QColor& color, int size, double scale);

/// Gives `button` the icon and tints it again whenever the theme changes. Calling it again replaces the icon.
void setThemedIcon(QAbstractButton& button, const Theme& theme, const QString& name, TokenColor color);

/// A square label that shows one icon in a token's colour. Decoration: screen readers skip it; a word stands beside it.
class IconLabel : public QWidget {
public:
    IconLabel(const Theme& theme, const QString& name, TokenColor color, int size, QWidget* parent = nullptr);
    void show(const QString& name, TokenColor color);
    QSize sizeHint() const override { return {m_size, m_size}; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    const Theme& m_theme;
    QString m_name;
    TokenColor m_color;
    int m_size;
};

}  // namespace gsst
