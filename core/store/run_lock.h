// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "io/file.h"

#include <filesystem>
#include <memory>

namespace gsst {

/// Takes LOCK in `runFolder`, which must exist: one writer per run. Held while the result lives; the operating system
/// gives it back when the process ends, however it ends. Busy says which folder is in use and what to do.
Result<std::unique_ptr<FileLock>> lockRun(FileSystem& files, const std::filesystem::path& runFolder);

}  // namespace gsst
