// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace gsst {

/// Three templates (see StoryTeller) that tell a small event: how it began, what went wrong, how it was solved.
struct StoryPlot {
    std::string beginning;  ///< goes on in the paragraph of the opening, which has named hero and town
    std::string middle;
    std::string end;
};

// From the files of resources/stories; they live for the whole program. Any thread.

std::span<const StoryPlot> storyPlots();
std::string_view storyOpening();    ///< introduces the hero
std::string_view storyInterlude();  ///< a little scene that fits anywhere
std::string_view storyEnding();     ///< the last sentences

}  // namespace gsst
