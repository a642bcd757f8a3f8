// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

namespace gsst {

/// How a column of a table is set.
struct TextColumn {
    enum class Align { Left, Right } align = Align::Left;
    size_t width = 0;  ///< characters of UTF-8; of the last column: where it is broken into lines
};

/// A line of a table, columns one blank apart. What does not fit the last column goes on below itself, as wrapped()
/// says; other cells are never cut. No blanks at ends of lines; ends with a line feed.
std::string tableLine(const std::vector<TextColumn>& columns, const std::vector<std::string>& cells);

/// `text` in lines: broken at its line feeds, and at blanks where a line is longer than `width` characters. A longer
/// word stays whole.
std::vector<std::string> wrapped(const std::string& text, size_t width);

}  // namespace gsst
