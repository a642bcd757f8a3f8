// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "data/sampler.h"
#include "data/token_store.h"

#include <cstdint>
#include <limits>
#include <span>

namespace gsst {

/// The target of a position that does not count in the loss.
inline constexpr int64_t kIgnoredTarget = -1;

/// Input and targets of one micro-batch, row-major [microBatch, sequenceLength]; memory of the caller.
struct BatchView {
    std::span<int64_t> input;
    std::span<int64_t> target;
};

/// Fills the micro-batch `microBatchIndex` of training step `step` (both from 0): row i is the sequence number
/// step * sequencesPerStep + microBatchIndex * microBatch + i of `sampler`. The number of rows is target.size() / L.
/// The spans must have equal sizes, a multiple of L (else Internal).
Status fillTrainingBatch(const TokenStore& store, const Sampler& sampler, int64_t step, int64_t sequencesPerStep,
                         int64_t microBatchIndex, const BatchView& batch);

/// The validation part cut into sequences such that every token but the first is a target exactly once. The last
/// sequence is shifted back to end with the text, and targets that the one before had are ignored; a part shorter than
/// L + 1 tokens gives one sequence padded with zeros at its end, ignored too. Pure, thread-safe.
class ValidationSequences {
public:
    static constexpr int64_t kAll = std::numeric_limits<int64_t>::max();
    /// The part is tokens [first, first + tokens), tokens >= 2 or 0 (none). At most `mostSequences` are taken, evenly
    /// spread over the part; 0 = none.
    ValidationSequences(int64_t first, int64_t tokens, int64_t sequenceLength, int64_t mostSequences = kAll);

    int64_t count() const { return m_count; }
    int64_t microBatches(int64_t microBatch) const { return (m_count + microBatch - 1) / microBatch; }
    /// Targets that count, over all sequences; tokens - 1 without a limit.
    int64_t countedTargets() const;

    /// Fills micro-batch `index`; rows beyond the last sequence are zeros with ignored targets. Returns the targets
    /// that count.
    Result<int64_t> fill(const TokenStore& store, int64_t index, const BatchView& batch) const;

private:
    struct Window {
        int64_t start = 0;    ///< token of the first input
        int64_t length = 0;   ///< inputs that exist, <= L
        int64_t ignored = 0;  ///< leading targets that another sequence has
    };
    Window window(int64_t index) const;

    int64_t m_first;
    int64_t m_targets;  ///< of the whole part
    int64_t m_length;
    int64_t m_all;  ///< sequences of the whole part
    int64_t m_count;
};

}  // namespace gsst
