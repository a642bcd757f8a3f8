// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>

#include <array>

namespace gsst {

/// Every colour of the program, by its role. Texts keep 4.5:1 on window, card, side, inset and the tints; control edges
/// 3:1.
struct ThemeTokens {
    bool dark = false;
    QColor window, card, side, inset, line, edge;
    QColor text, text2, text3;
    QColor accent, onAccent, accentTint;
    QColor ok, warning, error, info;
    QColor okTint, warningTint, errorTint, infoTint, neutralTint;
    std::array<QColor, 6> plot;        ///< plot colours 1..6
    QColor read, compute, write;       ///< activity: slice lane and disk plot only
    QColor written, ready, onCompute;  ///< grounds of finished and ready cells, text on the computing one
};

/// A token named in code, for things that must be re-tinted when the theme changes.
using TokenColor = QColor ThemeTokens::*;

const ThemeTokens& lightTokens();
const ThemeTokens& darkTokens();

/// `over` painted on `ground` with opacity `share` (0..1).
QColor blended(const QColor& over, const QColor& ground, double share);

/// Black or white, whichever reads better on `ground`.
QColor readableOn(const QColor& ground);

}  // namespace gsst
