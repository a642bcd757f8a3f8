// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace gsst {

/// A number in [0, bound) from 64 random bits: the upper half of their 128-bit product. bound > 0; the bias is below
/// bound / 2^64.
constexpr uint64_t boundedRandom(uint64_t bits, uint64_t bound) {
    const uint64_t bitsHigh = bits >> 32;
    const uint64_t bitsLow = bits & 0xFFFFFFFFu;
    const uint64_t boundHigh = bound >> 32;
    const uint64_t boundLow = bound & 0xFFFFFFFFu;
    const uint64_t middle = bitsHigh * boundLow + ((bitsLow * boundLow) >> 32);
    const uint64_t cross = bitsLow * boundHigh + (middle & 0xFFFFFFFFu);
    return bitsHigh * boundHigh + (middle >> 32) + (cross >> 32);
}

}  // namespace gsst
