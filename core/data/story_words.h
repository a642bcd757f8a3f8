// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string_view>

namespace gsst {

/// A list of words or phrases that fit the same place in a sentence.
using WordList = std::span<const std::string_view>;

/// The list called `name` in resources/stories/words.txt, or an empty one. It lives for the whole program. Any thread.
/// Nouns are singular, countable and without article, unless the name says "phrase".
///
/// girl, boy, town; animal, critter (small and clever), beast (of a farm), thing, material, quality (of things),
/// colour, plant, tree, job; food (a phrase with its article), spot (a phrase of a preposition and a place: "beside the
/// mill"), weather (a whole sentence), glad, sad (adjectives of feeling), manner (of working or walking), tone (of
/// speaking), noise (a phrase), season, hour (phrases of time), number, woman, man (relatives).
WordList wordList(std::string_view name);

/// "a" or "an", by the sound that `phrase` begins with.
std::string_view articleFor(std::string_view phrase);

}  // namespace gsst
