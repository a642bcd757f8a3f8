// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "plan/program/slicing.h"

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>

namespace gsst {

/// How the next token is drawn from the logits.
struct SamplingOptions {
    double temperature = 0.8;  ///< 0 = always the most probable token
    int64_t topK = 0;          ///< only the k most probable; 0 = no limit
    double topP = 1.0;         ///< only the most probable that together reach this probability
};

struct GenerationOptions {
    int64_t tokens = 200;
    SamplingOptions sampling;
    uint64_t seed = 1;
    int64_t endToken = -1;  ///< ends the text; -1 = none
};

/// Where a TextGenerator gets weights from: all in memory, or read slice by slice.
class SliceSource {
public:
    virtual ~SliceSource() = default;
    /// Element space of the slice in compute precision; stays valid until the next load(). A slice is a unit or a part
    /// of one, always the same parts.
    virtual Result<const void*> load(const SliceRange& slice) = 0;
};

/// Continues token sequences. One thread.
class TextGenerator {
public:
    virtual ~TextGenerator() = default;

    /// Draws up to options.tokens tokens after `prompt` (the last `context` tokens of it; at least one). `onToken` gets
    /// each, the end token excepted, and stops the text by returning false. The same prompt, options and weights give
    /// the same tokens. Number of tokens drawn. Cancelled when `stop` is requested.
    virtual Result<int64_t> generate(std::span<const int64_t> prompt, const GenerationOptions& options,
                                     const std::function<bool(int64_t token)>& onToken, std::stop_token stop) = 0;
};

}  // namespace gsst
