// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "io/file.h"

#include <filesystem>
#include <memory>
#include <string>

namespace gsst {

/// errno as an Error; see ioError().
Error errnoError(std::string what, const std::filesystem::path& where, int number);

Result<std::unique_ptr<File>> openLinuxFile(const std::filesystem::path& path, OpenMode mode, Caching caching);

/// InvalidInput for a named pipe: to open one waits, perhaps for ever, for a program at its other end.
Status refusePipe(const std::filesystem::path& path);

}  // namespace gsst
