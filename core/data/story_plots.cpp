// SPDX-License-Identifier: GPL-3.0-or-later
#include "data/story_plots.h"

#include "data/story_texts.h"

#include <cassert>
#include <utility>
#include <vector>

namespace gsst {
namespace {

/// The template that a section holds: a line break counts as a space, an empty line begins a new paragraph.
std::string templateOf(const StorySection& section) {
    std::string text;
    for (const std::string_view line : section.lines) {
        if (line.empty())
            text += '\n';
        else if (text.empty() || text.back() == '\n')
            text += line;
        else
            text.append(" ").append(line);
    }
    return text;
}

std::vector<StoryPlot> plotsOf(std::string_view text) {
    std::vector<StoryPlot> plots;
    const std::vector<StorySection> sections = storySections(text);
    assert(sections.size() % 3 == 0);
    for (size_t i = 0; i + 2 < sections.size(); i += 3)
        plots.push_back({templateOf(sections[i]), templateOf(sections[i + 1]), templateOf(sections[i + 2])});
    return plots;
}

std::string frameOf(std::string_view name) {
    for (const StorySection& section : storySections(storyTexts().frame))
        if (section.name == name)
            return templateOf(section);
    assert(false);
    return {};
}

}  // namespace

std::span<const StoryPlot> storyPlots() {
    static const std::vector<StoryPlot> plots = [] {
        const StoryTexts texts = storyTexts();
        std::vector<StoryPlot> all;
        for (const std::string_view text : {texts.villagePlots, texts.naturePlots, texts.skillPlots})
            for (StoryPlot& plot : plotsOf(text))
                all.push_back(std::move(plot));
        return all;
    }();
    return plots;
}

std::string_view storyOpening() {
    static const std::string text = frameOf("opening");
    return text;
}

std::string_view storyInterlude() {
    static const std::string text = frameOf("interlude");
    return text;
}

std::string_view storyEnding() {
    static const std::string text = frameOf("ending");
    return text;
}

}  // namespace gsst
