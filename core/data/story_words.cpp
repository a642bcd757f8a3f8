// SPDX-License-Identifier: GPL-3.0-or-later
#include "data/story_words.h"

#include "data/story_texts.h"

#include <algorithm>
#include <vector>

namespace gsst {

WordList wordList(std::string_view name) {
    static const std::vector<StorySection> lists = storySections(storyTexts().words);
    const auto found = std::find_if(lists.begin(), lists.end(), [&](const auto& list) { return list.name == name; });
    return found == lists.end() ? WordList() : found->lines;
}

std::string_view articleFor(std::string_view phrase) {
    for (const std::string_view silent : {"hour", "honest", "heir"})
        if (phrase.starts_with(silent))
            return "an";
    for (const std::string_view consonant : {"uni", "use", "usu", "one", "eu", "ewe"})
        if (phrase.starts_with(consonant) && !phrase.starts_with("unim") && !phrase.starts_with("unin"))
            return "a";
    return !phrase.empty() && std::string_view("aeiouAEIOU").find(phrase.front()) != std::string_view::npos ? "an"
                                                                                                            : "a";
}

}  // namespace gsst
