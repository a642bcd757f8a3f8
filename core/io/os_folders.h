// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "io/file.h"

namespace gsst {

/// The calls of FileSystem that the standard library does alike on every operating system.
class OsFolders : public FileSystem {
public:
    bool exists(const std::filesystem::path& path) override;
    Result<std::vector<DirectoryEntry>> list(const std::filesystem::path& folder) override;
    Status makeFolders(const std::filesystem::path& folder) override;
    Status remove(const std::filesystem::path& path) override;
};

}  // namespace gsst
