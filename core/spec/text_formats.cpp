// SPDX-License-Identifier: GPL-3.0-or-later
#include "spec/text_formats.h"

#include <algorithm>

namespace gsst {
namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::optional<TextFormat> textFormatOf(std::string_view extension) {
    const auto matches = [&](const TextExtension& known) {
        return std::ranges::equal(known.extension, extension, {}, {}, lower);
    };
    const auto* const found = std::find_if(kTextExtensions.begin(), kTextExtensions.end(), matches);
    return found == kTextExtensions.end() ? std::nullopt : std::optional(found->format);
}

std::string textExtensions(std::string_view conjunction) {
    std::string text;
    for (size_t i = 0; i < kTextExtensions.size(); ++i) {
        if (i > 0 && i + 1 == kTextExtensions.size())
            text.append(" ").append(conjunction).append(" ");
        else if (i > 0)
            text.append(", ");
        text.append(kTextExtensions[i].extension);
    }
    return text;
}

}  // namespace gsst
