// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/host_device.h"

#include <cstdint>

namespace gsst {

// An fp32 value as two 16-bit halves: `hi` the nearest bf16 (ties away from zero), `lo` the exact remainder. Works on
// the raw bits in uint32 arithmetic that wraps; exact for all 2^32 patterns. Rounding ties to even cannot be undone
// with 16 bits. Finite values above the largest bf16 have an infinite `hi`, and some NaN a finite one: check finiteness
// on the fp32 value.

GSST_HD inline uint16_t highHalf(uint32_t bits) {
    return static_cast<uint16_t>((bits + 0x8000u) >> 16);
}
GSST_HD inline uint16_t lowHalf(uint32_t bits) {
    return static_cast<uint16_t>(bits & 0xffffu);
}
GSST_HD inline uint32_t joinHalves(uint16_t hi, uint16_t lo) {
    return (static_cast<uint32_t>(hi) << 16) + static_cast<uint32_t>(static_cast<int32_t>(static_cast<int16_t>(lo)));
}

// Marks of the bits of fp32 values, to be gathered with | over many of them: the sign bit of the result is set if one
// of the values is not as it should be, all other bits mean nothing. One addition each: a loop that waits for memory
// does not notice.

inline constexpr uint32_t kBadMark = 0x80000000u;
/// Of Inf and NaN.
GSST_HD inline uint32_t markNotFinite(uint32_t bits) {
    return (bits & 0x7fffffffu) + 0x00800000u;
}
/// Of Inf, NaN, and values whose `hi` is infinite.
GSST_HD inline uint32_t markNotSplittable(uint32_t bits) {
    return (bits & 0x7fffffffu) + 0x00808000u;
}

}  // namespace gsst
