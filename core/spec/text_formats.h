// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace gsst {

/// How the bytes of a text file are read; what reads them is in core/data/text_format.h.
enum class TextFormat {
    Plain  ///< UTF-8 text, taken as it is
};

struct TextExtension {
    std::string_view extension;  ///< in lower case, with its dot
    TextFormat format{};
};

/// Every file that can be trained on, by the end of its name. Walks of folders, errors, help and screens read it.
inline constexpr std::array<TextExtension, 2> kTextExtensions{{
    {".txt", TextFormat::Plain},
    {".md", TextFormat::Plain},
}};

/// By an extension in any case ("." included); nullopt if the file is none that can be trained on.
std::optional<TextFormat> textFormatOf(std::string_view extension);

/// All extensions in the order of the table, the last one after `conjunction`: ".txt or .md".
std::string textExtensions(std::string_view conjunction);

}  // namespace gsst
