// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "data/data_progress.h"
#include "io/file.h"

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>

namespace gsst {

inline constexpr uint64_t kSampleCorpusBytes = 4'500'000;
inline constexpr uint64_t kSampleCorpusSeed = 1;

/// Short English stories, made by rule from word lists and templates of this program: free to use, the same on every
/// machine. Story number `story` of `seed`: paragraphs that end in a line feed, ASCII.
std::string sampleStory(uint64_t seed, uint64_t story);

/// Writes stories, parted by empty lines, until the file has at least `bytes`; a pure function of (bytes, seed), and a
/// larger file begins with the smaller one. Replaces `path` atomically; after an error or Cancelled it is as before.
/// The folder must exist.
Status writeSampleCorpus(FileSystem& files, const std::filesystem::path& path, uint64_t bytes,
                         const DataProgressCallback& progress, std::stop_token stop, uint64_t seed = kSampleCorpusSeed);

}  // namespace gsst
