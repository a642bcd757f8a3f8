// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gsst {

/// What stands for bytes that are not UTF-8: U+FFFD.
inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

enum class Utf8State {
    Valid,      ///< a whole character
    Invalid,    ///< bytes that can be no character, whatever follows
    Incomplete  ///< the text ends inside a character that is right so far
};

struct Utf8Step {
    Utf8State state = Utf8State::Invalid;
    size_t bytes = 1;  ///< of the character, or of the longest wrong prefix (Unicode 15, section 3.9, table 3-7)
};

/// The first character of `text`, which is not empty. Overlong forms, surrogates and values over U+10FFFF are invalid.
Utf8Step nextUtf8(std::string_view text);

/// The largest position <= `position` at which no UTF-8 character of `text` is cut in two.
size_t utf8Floor(std::string_view text, size_t position);

/// `text` with every invalid or incomplete part replaced by U+FFFD.
std::string toValidUtf8(std::string_view text);

}  // namespace gsst
