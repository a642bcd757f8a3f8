// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "data/data_progress.h"
#include "data/text_source.h"
#include "data/tokenizer.h"
#include "io/file.h"

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

namespace gsst {

struct TokenizerTraining {
    int64_t vocabulary = 8192;          ///< at most so many tokens; at least kSmallestVocabulary
    uint64_t sampleBytes = 20'000'000;  ///< of text, evenly spread over all of it
};

/// The byte pieces, three special ones, and room for some characters.
inline constexpr int64_t kSmallestVocabulary = 320;

struct TrainedTokenizer {
    Tokenizer tokenizer;
    std::vector<std::string> warnings;
};

/// Trains a SentencePiece BPE tokenizer on the usable ones of `sources`. A pure function of the files and the settings.
/// A text too small for the vocabulary gives a smaller tokenizer and a warning; the ids stay below `vocabulary` in any
/// case. InvalidInput: no usable text, too small a vocabulary. The stop token ends it while the text is read (Cancelled
/// at once); the merging that follows is one call of the library, which takes seconds and cannot be interrupted: a stop
/// takes effect after it.
Result<TrainedTokenizer> trainTokenizer(FileSystem& files, const std::vector<TextFile>& sources,
                                        const TokenizerTraining& settings, const DataProgressCallback& progress,
                                        std::stop_token stop);

}  // namespace gsst
