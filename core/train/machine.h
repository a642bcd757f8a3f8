// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "io/file.h"
#include "plan/planner.h"

#include <filesystem>

namespace gsst {

/// Free memory of this computer in bytes, 0 if unknown; by platform.
int64_t availableRamBytes();

/// What this machine gives a run in `folder` by default: most of the free RAM, the free disk space.
MachineLimits machineLimits(FileSystem& files, const std::filesystem::path& folder);

/// Measures matrix products in both precisions and memory copies with torch (about half a second, once per process), and the
/// drive below `folder` if it can be written (a temporary file of 64 MiB, removed again); without a folder, or if it cannot
/// be written, careful assumptions stand. Thread-safe.
HardwareProfile measureHardware(FileSystem& files, const std::filesystem::path& folder);

}  // namespace gsst
