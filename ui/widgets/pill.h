// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/events.h"
#include "ui/theme/theme.h"

#include <QWidget>

namespace gsst {

/// How a state or badge looks: always icon and word, colour only besides.
struct PillLook {
    QString icon;
    QString text;
    TokenColor color = &ThemeTokens::text2;
    TokenColor tint = &ThemeTokens::neutralTint;
};

PillLook pillOf(RunState state);

QSize pillSize(const Theme& theme, const PillLook& look);
/// Paints the pill left-aligned and vertically centred in `rect`, its word elided if it must be.
void paintPill(QPainter& painter, const QRect& rect, const Theme& theme, const PillLook& look);

/// A pill as a widget.
class Pill : public QWidget {
public:
    explicit Pill(const Theme& theme, QWidget* parent = nullptr);
    void setLook(const PillLook& look);
    const PillLook& look() const { return m_look; }
    QSize sizeHint() const override { return pillSize(m_theme, m_look); }
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    const Theme& m_theme;
    PillLook m_look;
};

}  // namespace gsst
