// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/pill.h"

#include "ui/theme/icons.h"

#include <QCoreApplication>
#include <QPainter>

namespace gsst {
namespace {

constexpr int kIcon = 12, kPadding = 9, kGap = 5;

QString word(const char* text) {
    return QCoreApplication::translate("RunState", text);
}

}  // namespace

PillLook pillOf(RunState state) {
    switch (state) {
    case RunState::Preparing:
        return {"hourglass", word("Preparing"), &ThemeTokens::info, &ThemeTokens::infoTint};
    case RunState::Training:
        return {"play", word("Training"), &ThemeTokens::info, &ThemeTokens::infoTint};
    case RunState::Pausing:
        return {"pause", word("Pausing…"), &ThemeTokens::text2, &ThemeTokens::neutralTint};
    case RunState::Paused:
        return {"pause", word("Paused"), &ThemeTokens::text2, &ThemeTokens::neutralTint};
    case RunState::Finishing:
        return {"hourglass", word("Finishing"), &ThemeTokens::info, &ThemeTokens::infoTint};
    case RunState::Finished:
        return {"check", word("Finished"), &ThemeTokens::ok, &ThemeTokens::okTint};
    case RunState::NeedsAttention:
        return {"warning", word("Needs attention"), &ThemeTokens::warning, &ThemeTokens::warningTint};
    }
    return {};
}

QSize pillSize(const Theme& theme, const PillLook& look) {
    const QFontMetrics metrics(theme.font(TextSize::Hint, QFont::DemiBold));
    return {kPadding + kIcon + kGap + metrics.horizontalAdvance(look.text) + kPadding + 2,
            std::max(22, metrics.height() + 6)};
}

void paintPill(QPainter& painter, const QRect& rect, const Theme& theme, const PillLook& look) {
    const QSize wanted = pillSize(theme, look);
    QRect pill(rect.left(), rect.top() + (rect.height() - wanted.height()) / 2, std::min(wanted.width(), rect.width()),
               wanted.height());
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.tokens().*look.tint);
    painter.drawRoundedRect(pill, pill.height() / 2.0, pill.height() / 2.0);
    const QColor color = theme.tokens().*look.color;
    const QRect icon(pill.left() + kPadding, pill.top() + (pill.height() - kIcon) / 2, kIcon, kIcon);
    painter.drawPixmap(icon, tintedPixmap(look.icon, color, kIcon, painter.device()->devicePixelRatioF()));
    const QFont font = theme.font(TextSize::Hint, QFont::DemiBold);
    painter.setFont(font);
    painter.setPen(color);
    const QRect text = pill.adjusted(kPadding + kIcon + kGap, 0, -kPadding, 0);
    painter.drawText(text, int(Qt::AlignVCenter | Qt::AlignLeft),
                     QFontMetrics(font).elidedText(look.text, Qt::ElideRight, text.width() + 2));
    painter.restore();
}

Pill::Pill(const Theme& theme, QWidget* parent) : QWidget(parent), m_theme(theme) {
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

void Pill::setLook(const PillLook& look) {
    m_look = look;
    setAccessibleName(look.text);
    updateGeometry();
    update();
}

void Pill::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    paintPill(painter, rect(), m_theme, m_look);
}

}  // namespace gsst
