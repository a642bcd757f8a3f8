// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace gsst {

class Theme;

/// The one style sheet of the program, from the tokens and the sizes of `theme`. Widgets choose rules with the dynamic
/// properties "look" (card, inset, primary, quiet, link, tab, segment ...) and "type" (axis, hint, section, title,
/// key).
QString styleSheetOf(const Theme& theme);

}  // namespace gsst
