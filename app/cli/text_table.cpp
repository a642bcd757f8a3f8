// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/text_table.h"

#include <sstream>

namespace gsst {

std::vector<std::string> wrapped(const std::string& text, size_t width) {
    std::vector<std::string> lines;
    std::istringstream parts(text);
    for (std::string part; std::getline(parts, part);) {
        lines.emplace_back();
        std::istringstream words(part);
        for (std::string word; words >> word;) {
            if (!lines.back().empty() && lines.back().size() + 1 + word.size() > width)
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
        const std::string padding(cell.size() < columns[column].width ? columns[column].width - cell.size() : 0, ' ');
        line += (columns[column].align == TextColumn::Align::Right ? padding + cell : cell + padding) + ' ';
    }
    const size_t indent = line.size();
    const std::vector<std::string> last = wrapped(cells.back(), columns.back().width);
    for (size_t part = 0; part < last.size(); ++part) {
        const bool right = columns.back().align == TextColumn::Align::Right && last[part].size() < columns.back().width;
        if (part > 0)
            line.append(1, '\n').append(indent, ' ');
        line.append(right ? columns.back().width - last[part].size() : 0, ' ').append(last[part]);
    }
    return line.erase(line.find_last_not_of(' ') + 1) + '\n';
}

}  // namespace gsst
