// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/wizard/choice_card.h"

#include <QPainter>

namespace gsst {
namespace {

constexpr int kPadding = 15, kMark = 17, kGap = 8;

}  // namespace

ChoiceCard::ChoiceCard(const Theme& theme, const QString& headline, const QString& sentence)
    : QRadioButton(headline), m_theme(theme), m_sentence(sentence) {
    setAccessibleName(headline);
    setAccessibleDescription(sentence);
    setCursor(Qt::PointingHandCursor);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

QSize ChoiceCard::sizeHint() const {
    const QFontMetrics headline(m_theme.font(TextSize::Body, QFont::DemiBold)), sentence(m_theme.font(TextSize::Hint));
    const int width = std::max(headline.horizontalAdvance(text()) + kMark + kGap,
                               std::min(sentence.horizontalAdvance(m_sentence), 320));
    return {width + 2 * kPadding, headline.height() + 4 + sentence.height() + 22};
}

void ChoiceCard::paintEvent(QPaintEvent*) {
    const ThemeTokens& color = m_theme.tokens();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const bool strong = isChecked() || hasFocus();
    painter.setPen(QPen(isChecked() ? color.accent : hasFocus() ? color.text : color.line, strong ? 2 : 1));
    painter.setBrush(isEnabled() ? color.card : color.inset);
    painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 8, 8);
    const QFont headline = m_theme.font(TextSize::Body, QFont::DemiBold), sentence = m_theme.font(TextSize::Hint);
    const int line = QFontMetrics(headline).height();
    paintRadio(painter, QRect(kPadding, 11 + (line - kMark) / 2, kMark, kMark), color, isChecked());
    painter.setFont(headline);
    painter.setPen(isEnabled() ? color.text : color.text3);
    const QRect room = rect().adjusted(kPadding, 11, -kPadding, -8);
    painter.drawText(room.adjusted(kMark + kGap, 0, 0, 0), int(Qt::AlignTop | Qt::AlignLeft), text());
    painter.setFont(sentence);
    painter.setPen(isEnabled() ? color.text2 : color.text3);
    painter.drawText(room.adjusted(0, line + 4, 0, 0), int(Qt::AlignTop | Qt::AlignLeft),
                     QFontMetrics(sentence).elidedText(m_sentence, Qt::ElideRight, room.width()));
    if (hasFocus() && isChecked()) {
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(color.text, 1, Qt::DotLine));
        painter.drawRoundedRect(QRectF(rect()).adjusted(4, 4, -4, -4), 6, 6);
    }
}

void paintRadio(QPainter& painter, const QRect& rect, const ThemeTokens& color, bool chosen) {
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF ring = QRectF(rect).adjusted(1, 1, -1, -1);
    painter.setPen(QPen(chosen ? color.accent : color.edge, 1));
    painter.setBrush(chosen ? color.accent : color.card);
    painter.drawEllipse(ring);
    if (chosen) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(color.onAccent);
        painter.drawEllipse(ring.center(), ring.width() * 0.24, ring.width() * 0.24);
    }
    painter.restore();
}

}  // namespace gsst
