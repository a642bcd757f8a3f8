// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

namespace gsst {

/// Sets OMP_WAIT_POLICY=passive unless a policy is set already. OpenMP reads it when its library is loaded, which comes
/// with the tensor library; its default (spinning) makes small steps twenty times slower as soon as anything else runs.
/// Call it first in main(): it changes the environment, so no other thread may run yet.
void preferPassiveWaiting();

/// presets/ beside the program (installed), or in the source tree (built in place).
std::filesystem::path presetsFolder();

}  // namespace gsst
