// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "optim/kernels/bf16_split.h"

#include <cstdint>

namespace gsst {

// Rounding of fp32 to bf16 on the raw bits, where the remainder is given up: gradients, and the weights of state preset
// Lean. In both, Inf stays Inf and NaN becomes a quiet NaN.

/// Nearest, ties to even, as torch rounds. Finite values beyond the largest bf16 become Inf.
GSST_HD constexpr uint16_t nearestBf16(uint32_t bits) {
    const uint32_t nearest = (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
    const uint32_t quiet = bits >> 16 | 0x40u;
    return static_cast<uint16_t>((bits & 0x7fffffffu) > 0x7f800000u ? quiet : nearest);
}

/// Up or down in size, up with a probability equal to the part of the step that is cut off, so that the mean over
/// `random` (16 even bits) is the value itself. A value that is a bf16 stays what it is. Finite values stay finite.
GSST_HD constexpr uint16_t stochasticBf16(uint32_t bits, uint32_t random) {
    const uint32_t moved = (bits + random) >> 16;
    const uint32_t finite = (moved & 0x7fffu) == 0x7f80u ? moved - 1 : moved;  // the largest bf16 with this sign
    const uint32_t special = bits >> 16 | ((bits & 0x7fffffffu) > 0x7f800000u ? 0x40u : 0u);
    return static_cast<uint16_t>((bits & 0x7fffffffu) >= 0x7f800000u ? special : finite);
}

/// What the random bits of one tensor's update depend on, besides the element.
struct RoundingKey {
    uint64_t seed = 0;
    int64_t step = 0;  ///< 1-based
    int tensor = 0;    ///< index into TensorTable::tensors()
};

// Random bits come from philoxWords<kRoundingRounds>(seed, stream, index) of base/philox_rounds.h, one block for eight
// elements. The elements of a block lie 32 apart, so that neighbours in memory are neighbours in a vector: of each 256
// elements of a tensor, those with the same remainder by 32 share a block, and their place among the 256, over 32, is
// the 16-bit piece of it (low half of word 0 first).

/// As few as pass every test of their quality: a share of the update's time, and only rounding hangs on them.
inline constexpr int kRoundingRounds = 7;

/// Apart from the streams of initial weights and of sampling.
constexpr uint64_t roundingStream(const RoundingKey& key) {
    return (uint64_t{2} << 48) + static_cast<uint64_t>(key.step);
}
/// Index of the first of the 32 blocks of elements 256 `group` ... 256 `group` + 255 of the tensor.
constexpr uint64_t roundingIndex(const RoundingKey& key, int64_t group) {
    return (static_cast<uint64_t>(key.tensor) << 40) + static_cast<uint64_t>(group) * 32;
}

}  // namespace gsst
