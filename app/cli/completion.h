// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace gsst {

/// A script for bash, zsh or fish that completes the commands of `program`, their options, the words that an option's
/// value is one of, presets, and file names. InvalidInput for another shell.
Result<std::string> completionScript(const CLI::App& program, const std::string& shell,
                                     const std::vector<std::string>& presets);

}  // namespace gsst
