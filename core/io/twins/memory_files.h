// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "io/file.h"

#include <cstdint>
#include <memory>

namespace gsst {

/// A file system in RAM for tests, with the contract of osFileSystem(): folders must exist before files are made in
/// them, Direct demands alignment. The root, "/" and ".", is always there. A removed or replaced file lives on for who
/// has it open, as on Linux (Windows refuses to replace it: build on neither). All sizes together stay within
/// `capacityBytes`; beyond that is NoSpace. sync() does nothing. Files and locks may outlive it.
std::unique_ptr<FileSystem> makeMemoryFiles(uint64_t capacityBytes = uint64_t{4} << 30);

}  // namespace gsst
