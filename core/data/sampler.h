// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <cstdint>

namespace gsst {

/// Where a sequence starts: its input is tokens [start, start + L), its targets are [start + 1, start + L + 1).
struct SequenceLocation {
    int64_t epoch = 0;
    int64_t start = 0;
    bool operator==(const SequenceLocation&) const = default;
};

/// The order in which training sequences are drawn: a pure function of (seed, order, number of tokens, L, index),
/// without state or memory, so that a resumed run needs no replay. `order` is a number by which a run that got stuck
/// gets other data at the same index: each gives other permutations and other offsets. In every epoch each window is
/// used exactly once, in an order of that epoch; the windows of an epoch do not overlap in their inputs and are shifted
/// by an offset in [0, L) drawn for the epoch (0 in epoch 0 of order 0), so that over the epochs the text is cut at
/// other places. All windows lie within the first `trainTokens` tokens. Thread-safe.
class Sampler {
public:
    /// InvalidInput unless sequenceLength >= 1 and trainTokens >= sequenceLength + 1.
    static Result<Sampler> create(uint64_t seed, int64_t trainTokens, int64_t sequenceLength, uint64_t order = 0);

    int64_t windowsPerEpoch() const { return m_windows; }
    int64_t sequenceLength() const { return m_sequenceLength; }
    int64_t offset(int64_t epoch) const;
    /// First token of the `index`-th window of `epoch`, index in [0, windowsPerEpoch()).
    int64_t start(int64_t epoch, int64_t index) const;
    /// Place of the sequence with number `globalIndex` >= 0, counted from the start of the run.
    SequenceLocation sequence(int64_t globalIndex) const;

private:
    Sampler(uint64_t key, bool shiftsFirstEpoch, int64_t trainTokens, int64_t sequenceLength);

    uint64_t m_key;  ///< of seed and order
    bool m_shiftsFirstEpoch;
    int64_t m_sequenceLength;
    int64_t m_windows;
    int64_t m_offsets;  ///< number of possible offsets
    int m_halfBits;     ///< of the Feistel network
};

}  // namespace gsst
