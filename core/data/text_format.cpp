// SPDX-License-Identifier: GPL-3.0-or-later
#include "data/text_format.h"

#include <algorithm>

namespace gsst {
namespace {

std::string binaryProblem(std::string_view head) {
    if (head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF"))
        return "is UTF-16 text; save it as UTF-8";
    if (head.find('\0') != std::string_view::npos)
        return "is binary: it has NUL bytes (text must be UTF-8)";
    const auto isControl = [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && !(byte >= 0x07 && byte <= 0x0D) && byte != 0x1B) || byte == 0x7F;
    };
    const auto controls = static_cast<size_t>(std::count_if(head.begin(), head.end(), isControl));
    return controls * 10 > head.size() * 3 ? "is binary: it is mostly control characters" : "";
}

}  // namespace

std::string contentProblem(TextFormat format, std::string_view head) {
    switch (format) {
    case TextFormat::Plain:
        return binaryProblem(head);
    }
    return "has a format that is not known";
}

}  // namespace gsst
