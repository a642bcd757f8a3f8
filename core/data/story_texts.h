// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>
#include <vector>

namespace gsst {

/// The files of resources/stories, which the build makes part of the program.
struct StoryTexts {
    std::string_view words;
    std::string_view frame;
    std::string_view villagePlots;
    std::string_view naturePlots;
    std::string_view skillPlots;
};
StoryTexts storyTexts();

/// What stands below a line "# name" of such a file.
struct StorySection {
    std::string_view name;
    std::vector<std::string_view> lines;  ///< empty ones included, but not those at the end
};
/// All sections of `text`, in their order, as views of it; lines before the first heading are for who reads the file.
/// Lines may end as on Windows.
std::vector<StorySection> storySections(std::string_view text);

}  // namespace gsst
