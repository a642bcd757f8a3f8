// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

namespace gsst {

// Paths as keys of the file systems that live in RAM: one spelling for each, the root is the empty path.

/// Without dots, drive letter and slash at the end; relative paths start at the root.
std::filesystem::path keyOf(const std::filesystem::path& path);

/// The key of the folder a key lies in.
std::filesystem::path parentOf(const std::filesystem::path& key);

/// Whether `key` is `folder` or lies in it, however deep.
bool isAtOrBelow(const std::filesystem::path& key, const std::filesystem::path& folder);

/// `key`, which is at or below `from`, after `from` was renamed to `to`.
std::filesystem::path movedKey(const std::filesystem::path& key, const std::filesystem::path& from,
                               const std::filesystem::path& to);

}  // namespace gsst
