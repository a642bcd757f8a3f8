// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/text_table.h"

#include <algorithm>
#include <cstdint>
#include <sstream>
#include <string_view>

namespace gsst {
namespace {

/// Characters, not bytes: those of UTF-8 that continue a character do not count. Letters that join, or take two places
/// on the screen, are not known here.
size_t widthOf(std::string_view text) {
    return size_t(std::count_if(text.begin(), text.end(), [](char c) { return (uint8_t(c) & 0xC0) != 0x80; }));
}

/// So many blanks that `text` and they are `width` wide.
std::string padding(std::string_view text, size_t width) {
    return std::string(width - std::min(width, widthOf(text)), ' ');
}

}  // namespace

std::vector<std::string> wrapped(const std::string& text, size_t width) {
    std::vector<std::string> lines;
    std::istringstream parts(text);
    for (std::string part; std::getline(parts, part);) {
        lines.emplace_back();
        std::istringstream words(part);
        for (std::string word; words >> word;) {
            if (!lines.back().empty() && widthOf(lines.back()) + 1 + widthOf(word) > width)
                lines.emplace_back();
            lines.back() += (lines.back().empty() ? "" : " ") + word;
        }
    }
    if (lines.empty())
        lines.emplace_back();
    return lines;
}

std::string tableLine(const std::vector<TextColumn>& columns, const std::vector<std::string>& cells) {
    std::string line;
    for (size_t column = 0; column + 1 < columns.size(); ++column) {
        const std::string& cell = cells[column];
        const std::string blanks = padding(cell, columns[column].width);
        line += (columns[column].align == TextColumn::Align::Right ? blanks + cell : cell + blanks) + ' ';
    }
    const size_t indent = widthOf(line);
    const std::vector<std::string> last = wrapped(cells.back(), columns.back().width);
    for (size_t part = 0; part < last.size(); ++part) {
        const bool right = columns.back().align == TextColumn::Align::Right;
        if (part > 0)
            line.append(1, '\n').append(indent, ' ');
        line.append(right ? padding(last[part], columns.back().width) : "").append(last[part]);
    }
    return line.erase(line.find_last_not_of(' ') + 1) + '\n';
}

}  // namespace gsst
