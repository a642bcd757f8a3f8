// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "optim/kernels/moment_code.h"

#include <bit>
#include <cstdint>

// What the instruction sets have in common that look the straight pieces of moment_code.h up, see moment_code_avx*.h.

namespace gsst::loops {

// From value to code the piece is found by the highest eight bits of the value: sign and exponent, but for its last
// bit. A power of ten comes at most once among the values with the same eight bits, and their first value names the
// piece that ends there.
inline constexpr uint32_t kIndexBits = 24;  ///< of a float below its index
inline constexpr uint32_t kHighestIndex = std::bit_cast<uint32_t>(1.0f) >> kIndexBits;
inline constexpr uint32_t kLowestIndex = std::bit_cast<uint32_t>(1e-7f) >> kIndexBits;
static_assert(kLowestIndex / 16 == kHighestIndex / 16 && kLowestIndex % 16 != 0,
              "indices are told apart by four bits, and none of them is 0");

/// From value to code. Second moments in the lowest piece are rounded up, see encodeMoment2().
template <int kBits, int s>
struct EncodingLine {
    static constexpr bool kUp = kBits == 8 && s == 0;
    static constexpr float kSlope = kUp ? 0.0f : CodePiece<kBits, s>::kSlope;
    static constexpr float kBias = kUp ? 1.0f : CodePiece<kBits, s>::kBias;
};

}  // namespace gsst::loops
