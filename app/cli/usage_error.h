// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace gsst {

/// What was wrong with the words of a command line, InvalidInput: an unknown command or option names the nearest one.
/// `command` is the one that was called, or the program; `unknown` are the words that nothing was made of.
Error usageError(const CLI::App& command, const std::vector<std::string>& unknown, const CLI::ParseError& error);

}  // namespace gsst
