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
    std::vector<std::vector<std::string>> parts;
    std::vector<size_t> widths;
    size_t lines = 1;
    for (size_t column = 0; column < columns.size(); ++column) {
        const bool last = column + 1 == columns.size();
        // What fits stays as it is, with the blanks that indent it.
        const bool wraps = last || (columns[column].align == TextColumn::Align::Left &&
                                    widthOf(cells[column]) > columns[column].width);
        parts.push_back(wraps ? wrapped(cells[column], columns[column].width) : std::vector{cells[column]});
        widths.push_back(columns[column].width);
        for (const std::string& part : parts.back())
            widths.back() = last ? widths.back() : std::max(widths.back(), widthOf(part));
        lines = std::max(lines, parts.back().size());
    }
    std::string text;
    for (size_t line = 0; line < lines; ++line) {
        std::string row;
        for (size_t column = 0; column < columns.size(); ++column) {
            const std::string part = line < parts[column].size() ? parts[column][line] : std::string();
            const std::string blanks = padding(part, widths[column]);
            row += (column > 0 ? " " : "");
            row += columns[column].align == TextColumn::Align::Right ? blanks + part : part + blanks;
        }
        text += row.erase(row.find_last_not_of(' ') + 1) + '\n';
    }
    return text;
}

}  // namespace gsst
