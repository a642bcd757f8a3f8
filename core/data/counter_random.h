// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace gsst {

/// A bijective mix of 64 bits with full avalanche (the finalizer of SplitMix64; Steele, Lea, Flood 2014).
constexpr uint64_t mixBits(uint64_t x) {
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

/// 64 random bits that are a pure function of the arguments, so nothing depends on how many were drawn before.
constexpr uint64_t randomBits(uint64_t seed, uint64_t stream, uint64_t counter) {
    return mixBits(mixBits(mixBits(seed) ^ stream) ^ counter);
}

/// A number in [0, bound) from 64 random bits; bound > 0. The bias is below bound / 2^64.
constexpr uint64_t boundedRandom(uint64_t bits, uint64_t bound) {
    const uint64_t high = bits >> 32;
    const uint64_t low = bits & 0xFFFFFFFFu;
    const uint64_t boundHigh = bound >> 32;
    const uint64_t boundLow = bound & 0xFFFFFFFFu;
    // The upper half of the 128-bit product, by schoolbook: the standard has no wider integer.
    const uint64_t middle = high * boundLow + ((low * boundLow) >> 32);
    const uint64_t cross = low * boundHigh + (middle & 0xFFFFFFFFu);
    return high * boundHigh + (middle >> 32) + (cross >> 32);
}

}  // namespace gsst
