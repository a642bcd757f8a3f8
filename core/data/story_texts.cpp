// SPDX-License-Identifier: GPL-3.0-or-later
#include "data/story_texts.h"

namespace gsst {

std::vector<StorySection> storySections(std::string_view text) {
    constexpr std::string_view kHeading = "# ";
    std::vector<StorySection> sections;
    while (!text.empty()) {
        const size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        if (line.starts_with(kHeading))
            sections.push_back({line.substr(kHeading.size()), {}});
        else if (!sections.empty())
            sections.back().lines.push_back(line);
    }
    for (StorySection& section : sections)
        while (!section.lines.empty() && section.lines.back().empty())
            section.lines.pop_back();
    return sections;
}

}  // namespace gsst
