// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme.h"

#include <QRadioButton>

namespace gsst {

/// A radio button as a card: headline, one sentence, a thick border when chosen.
class ChoiceCard : public QRadioButton {
public:
    ChoiceCard(const Theme& theme, const QString& headline, const QString& sentence);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;
    bool hitButton(const QPoint& at) const override { return rect().contains(at); }

private:
    const Theme& m_theme;
    QString m_sentence;
};

/// A radio mark: ring, filled when chosen.
void paintRadio(QPainter& painter, const QRect& rect, const ThemeTokens& color, bool chosen);

}  // namespace gsst
