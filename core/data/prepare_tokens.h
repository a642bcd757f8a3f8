// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "data/data_progress.h"
#include "data/text_source.h"
#include "data/token_format.h"
#include "data/tokenizer.h"
#include "io/file.h"

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

namespace gsst {

struct PreparedTokens {
    uint64_t tokens = 0;
    uint64_t documents = 0;         ///< files that gave text
    uint64_t textBytes = 0;         ///< read
    uint64_t invalidUtf8Bytes = 0;  ///< replaced; always 0 for byte tokens
    std::vector<std::string> warnings;
};

/// Encodes the usable ones of `sources`, in order, into shards and index.json in `folder` (made if missing). Between
/// two documents stands the end-of-text token, if the tokenizer has one. Byte tokens are the raw bytes of the files;
/// for others the text is cleaned as TextCleaner says. Streams: memory does not grow with the text. The result is a
/// pure function of the files and the tokenizer. After an error, or Cancelled, no new file is left and a store that was
/// there before is untouched, unless the error came while files were being renamed at the very end (then the folder has
/// no index). InvalidInput when no source is usable or a file turns out to be binary.
Result<PreparedTokens> prepareTokens(FileSystem& files, const std::vector<TextFile>& sources,
                                     const Tokenizer& tokenizer, const std::filesystem::path& folder,
                                     const DataProgressCallback& progress, std::stop_token stop,
                                     uint64_t shardBytes = kLargestShardBytes);

}  // namespace gsst
