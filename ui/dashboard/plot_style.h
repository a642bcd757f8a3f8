// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme.h"

class QCustomPlot;

namespace gsst {

/// Grounds, axes, grid and fonts of a plot from the tokens. Call again when the theme changed.
void stylePlot(QCustomPlot& plot, const Theme& theme);

}  // namespace gsst
