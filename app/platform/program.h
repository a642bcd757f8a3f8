// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

namespace gsst {

/// Folder and name of the running program.
std::filesystem::path programPath();

/// Starts the program again with OMP_WAIT_POLICY=passive unless a policy is set already. OpenMP reads it when its
/// library is loaded, before main(); its default (spinning) makes small steps twenty times slower as soon as anything
/// else runs.
void ensurePassiveWaiting(char** arguments);

/// presets/ beside the program (installed), or in the source tree (built in place).
std::filesystem::path presetsFolder();

}  // namespace gsst
