// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "io/file.h"
#include "service/training_service.h"

#include <filesystem>
#include <vector>

namespace gsst {

/// The runs below `runsFolder`, newest change first. A folder whose run cannot be read is listed with its problem; a
/// folder that does not exist gives an empty list.
Result<std::vector<RunInfo>> listRunFolders(FileSystem& files, const std::filesystem::path& runsFolder);

}  // namespace gsst
