// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gsst {

/// Tells one story. It draws a cast (hero, friend, relative, craftsperson, animal, thing, places ...) that stays the
/// same through the story, and expands templates with it:
///
///     [one|another]   one of the alternatives, which may hold more of these
///     {hero}          the word of the cast with that name; {Hero}: with a capital
///     {+animal}       any word of the list "animal" (story_words.h), drawn anew; {+Animal}: with a capital
///     {a thing}       the same with the right one of "a" and "an" in front, also {a +animal}; {A thing} with a capital
///
/// A pure function of (seed, story).
class StoryTeller {
public:
    StoryTeller(uint64_t seed, uint64_t story);

    uint64_t draw(uint64_t bound);  ///< in [0, bound)
    /// Expands `text`. What is unknown comes out as "{?name}", which a test looks for.
    std::string tell(std::string_view text);

private:
    void castPerson(const std::string& role, const std::string& prefix);
    void castWord(const std::string& role, std::string_view list);
    void set(std::string role, std::string word) { m_cast.emplace_back(std::move(role), std::move(word)); }
    std::string_view pick(std::string_view list);
    std::string slot(std::string_view name);
    std::string word(std::string_view name);
    void expand(std::string_view text, std::string& out);

    uint64_t m_seed;
    uint64_t m_story;
    uint64_t m_draws = 0;
    std::vector<std::pair<std::string, std::string>> m_cast;
};

}  // namespace gsst
