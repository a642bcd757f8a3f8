// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "data/story_plots.h"

namespace gsst {

std::span<const StoryPlot> villagePlots();  ///< people of a small town
std::span<const StoryPlot> naturePlots();   ///< animals, plants, weather
std::span<const StoryPlot> skillPlots();    ///< learning and making

}  // namespace gsst
