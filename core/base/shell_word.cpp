// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/shell_word.h"

#include <algorithm>
#include <string_view>

namespace gsst {
namespace {

bool isHarmless(char c) {
    constexpr std::string_view kSigns = "_@%+=:,./-";
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kSigns.find(c) != std::string_view::npos;
}

}  // namespace

std::string shellWord(const std::string& word) {
    if (!word.empty() && std::all_of(word.begin(), word.end(), isHarmless))
        return word;
    std::string quoted(1, '\'');
    for (const char c : word)
        quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return quoted.append(1, '\'');
}

}  // namespace gsst
