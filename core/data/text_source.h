// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "data/data_progress.h"
#include "io/file.h"

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

namespace gsst {

/// One file (or a folder without text, or a path that does not exist) of what the user named.
struct TextFile {
    std::filesystem::path path;
    uint64_t bytes = 0;
    std::string problem;  ///< empty = usable, else why not, as a phrase: "is empty"

    bool usable() const { return problem.empty(); }
};

/// Expands files and folders, in the given order. Folders are walked recursively in order of names and give their files
/// of kTextExtensions (any case); other files, hidden ones and hidden folders are skipped. A file that is named itself
/// is always listed: with another extension it has a problem that says so. A file that comes up twice is listed once.
/// Looks at the first 64 KiB of each file for empty, binary and unreadable ones. Never fails: what cannot be used is
/// listed with its problem.
std::vector<TextFile> listTextFiles(FileSystem& files, const std::vector<std::filesystem::path>& paths);

/// Success if at least one file is usable, else InvalidInput with the reason of every one (the first dozen in full).
Status requireUsableText(const std::vector<TextFile>& files);

/// All text read once.
struct TextInspection {
    std::vector<TextFile> files;
    uint64_t usableBytes = 0;
    uint64_t invalidUtf8Bytes = 0;
    std::string warning;  ///< empty, or the first file with invalid UTF-8, the place and how much it has
    std::string preview;  ///< the first few hundred characters
};

/// listTextFiles(), and every usable file read from front to end: finds NUL bytes and invalid UTF-8 wherever they are.
/// Fails only with Cancelled.
Result<TextInspection> inspectText(FileSystem& files, const std::vector<std::filesystem::path>& paths,
                                   const DataProgressCallback& progress, std::stop_token stop);

/// "3 bytes of notes.txt are not UTF-8 (the first at byte 17); ...": names the first place in one file and the count
/// there.
std::string invalidUtf8Warning(const std::filesystem::path& path, uint64_t offset, uint64_t bytes);

}  // namespace gsst
