// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/recipe_fields.h"

#include <CLI/CLI.hpp>

#include <string>

namespace gsst {

/// The group of options that say what is trained and where, the first on a page of help.
inline constexpr const char* kRunGroup = "Text, recipe and run";

/// The group that an option is put into, for CLI::Option::group(). Seldom ones are shown by --help-all only.
std::string helpGroup(const std::string& title, FieldUse use);

/// How much of a command's help is shown. Everything: also the options that are seldom used, and the command's footer.
enum class HelpExtent { Everyday, Everything };

/// Help of a command (or, of the program itself, the list of its commands) in lines of at most 80 columns: what it
/// does, how it is called, its options in groups with their present defaults in brackets, and `note`. The footer of the
/// program itself is always shown.
std::string helpPage(const CLI::App& command, HelpExtent extent, const std::string& note);

}  // namespace gsst
