// SPDX-License-Identifier: GPL-3.0-or-later
#include "data/story_teller.h"

#include "base/philox.h"
#include "data/bounded_random.h"
#include "data/story_words.h"

#include <algorithm>

namespace gsst {
namespace {

char toUpper(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}
char toLower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string capitalized(std::string word) {
    if (!word.empty())
        word[0] = toUpper(word[0]);
    return word;
}

/// Position of the bracket that closes the one at the front of `text`.
size_t closing(std::string_view text) {
    int depth = 0;
    for (size_t i = 0; i < text.size(); ++i) {
        depth += text[i] == '[' ? 1 : (text[i] == ']' ? -1 : 0);
        if (depth == 0)
            return i;
    }
    return text.size();
}

/// The alternatives between bars that are not inside inner brackets.
std::vector<std::string_view> alternatives(std::string_view text) {
    std::vector<std::string_view> parts;
    int depth = 0;
    size_t begin = 0;
    for (size_t i = 0; i < text.size(); ++i) {
        depth += text[i] == '[' ? 1 : (text[i] == ']' ? -1 : 0);
        if (text[i] == '|' && depth == 0) {
            parts.push_back(text.substr(begin, i - begin));
            begin = i + 1;
        }
    }
    parts.push_back(text.substr(begin));
    return parts;
}

}  // namespace

StoryTeller::StoryTeller(uint64_t seed, uint64_t story) : m_seed(seed), m_story(story) {
    castPerson("hero", "");
    castPerson("friend", "f");
    const bool woman = draw(2) == 0;
    set("kin", std::string(pick(woman ? "woman" : "man")));
    set("khe", woman ? "she" : "he");
    set("khim", woman ? "her" : "him");
    set("khis", woman ? "her" : "his");
    const bool craftswoman = draw(2) == 0;
    castWord("job", "job");
    set("jhe", craftswoman ? "she" : "he");
    set("jhim", craftswoman ? "her" : "him");
    set("jhis", craftswoman ? "her" : "his");
    castWord("animal", "animal");
    castWord("critter", "critter");
    castWord("beast", "beast");
    castWord("thing", "thing");
    castWord("quality", "quality");
    castWord("colour", "colour");
    castWord("spot", "spot");
    do
        castWord("spot2", "spot");
    while (m_cast.back().second == word("spot"));
    castWord("food", "food");
    castWord("town", "town");
    castWord("plant", "plant");
    castWord("tree", "tree");
    castWord("season", "season");
}

uint64_t StoryTeller::draw(uint64_t bound) {
    return boundedRandom(randomBits(m_seed, m_story, m_draws++), bound);
}

std::string_view StoryTeller::pick(std::string_view list) {
    const WordList words = wordList(list);
    return words.empty() ? std::string_view() : words[static_cast<size_t>(draw(words.size()))];
}

void StoryTeller::castPerson(const std::string& role, const std::string& prefix) {
    const bool girl = draw(2) == 0;
    std::string name;
    do
        name = pick(girl ? "girl" : "boy");
    while (!m_cast.empty() && name == m_cast.front().second);
    set(role, name);
    set(prefix + "he", girl ? "she" : "he");
    set(prefix + "him", girl ? "her" : "him");
    set(prefix + "his", girl ? "her" : "his");
    set(prefix + "child", girl ? "girl" : "boy");
}

void StoryTeller::castWord(const std::string& role, std::string_view list) {
    set(role, std::string(pick(list)));
}

std::string StoryTeller::word(std::string_view name) {
    if (name.starts_with('+')) {
        const std::string_view drawn = pick(name.substr(1));
        return drawn.empty() ? "{?" + std::string(name) + "}" : std::string(drawn);
    }
    // The latest one counts: a role may have been drawn again.
    const auto found =
        std::find_if(m_cast.rbegin(), m_cast.rend(), [&](const auto& entry) { return entry.first == name; });
    return found == m_cast.rend() ? "{?" + std::string(name) + "}" : found->second;
}

std::string StoryTeller::slot(std::string_view name) {
    std::string lower(name);
    const size_t letter = lower.find_first_not_of('+');
    const bool capital = letter < lower.size() && toLower(lower[letter]) != lower[letter];
    if (capital)
        lower[letter] = toLower(lower[letter]);
    std::string text;
    if (lower.starts_with("a ")) {
        const std::string phrase = word(std::string_view(lower).substr(2));
        text = std::string(articleFor(phrase)) + " " + phrase;
    } else {
        text = word(lower);
    }
    return capital ? capitalized(std::move(text)) : text;
}

void StoryTeller::expand(std::string_view text, std::string& out) {
    while (!text.empty()) {
        const size_t mark = std::min(text.find_first_of("[{"), text.size());
        out += text.substr(0, mark);
        text.remove_prefix(mark);
        if (text.empty())
            return;
        if (text.front() == '[') {
            const size_t end = closing(text);
            const auto parts = alternatives(text.substr(1, end - 1));
            expand(parts[static_cast<size_t>(draw(parts.size()))], out);
            text.remove_prefix(std::min(end + 1, text.size()));
        } else {
            const size_t end = std::min(text.find('}'), text.size() - 1);
            out += slot(text.substr(1, end - 1));
            text.remove_prefix(end + 1);
        }
    }
}

std::string StoryTeller::tell(std::string_view text) {
    std::string out;
    expand(text, out);
    return out;
}

}  // namespace gsst
