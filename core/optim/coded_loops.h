// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/philox_rounds.h"
#include "optim/cpu_loops.h"
#include "optim/moment_code.h"
#include "spec/state_format.h"

#include <algorithm>
#include <bit>
#include <limits>

// Body of CpuKernels::adamwUpdateCoded: group by group of kScaleGroup elements, through buffers in the cache.

namespace gsst::loops {

template <float (*kDecode)(uint8_t, float)>
GSST_LOOP void decode(const uint8_t* __restrict codes, float scale, float* __restrict values, int64_t count) {
    for (int64_t i = 0; i < count; ++i)
        values[i] = kDecode(codes[i], scale);
}

/// Writes the codes and returns the scale.
template <uint8_t (*kEncode)(float, float)>
GSST_LOOP float encode(const float* __restrict values, uint8_t* __restrict codes, int64_t count) {
    // Compared as integers, NaN is larger than Inf, and Inf than all else.
    int32_t largest = 0;
    for (int64_t i = 0; i < count; ++i)
        largest = std::max(largest, std::bit_cast<int32_t>(values[i]) & 0x7fffffff);
    const float scale = momentScale(std::bit_cast<float>(largest));
    if (!(scale <= std::numeric_limits<float>::max())) {
        std::fill_n(codes, count, uint8_t{0});
        return scale;
    }
    const float inverse = 1.0f / scale;
    for (int64_t i = 0; i < count; ++i)
        codes[i] = kEncode(values[i], inverse);
    return scale;
}

/// The random bits of elements 256 `group` ... 256 `group` + 255 of the tensor, see bf16_rounding.h: philoxBlock() for 32 blocks at
/// once, round by round, so that the blocks fill vectors.
GSST_LOOP void fillRandom(const RoundingKey& key, int64_t group, uint16_t* __restrict random) {
    constexpr int kBlocks = 32;
    const uint64_t index = roundingIndex(key, group);
    const uint64_t stream = roundingStream(key);
    alignas(64) uint32_t words[4][kBlocks];
    for (int i = 0; i < kBlocks; ++i) {
        words[0][i] = uint32_t(index) + uint32_t(i);  // the low word never overflows: the index is a multiple of 32
        words[1][i] = uint32_t(index >> 32);
        words[2][i] = uint32_t(stream);
        words[3][i] = uint32_t(stream >> 32);
    }
    PhiloxKey roundKey{uint32_t(key.seed), uint32_t(key.seed >> 32)};
    for (int round = 0; round < kPhiloxRounds; ++round, roundKey = nextPhiloxKey(roundKey))
        for (int i = 0; i < kBlocks; ++i)
            philoxRound(words[0][i], words[1][i], words[2][i], words[3][i], roundKey);
    for (int word = 0; word < 4; ++word)
        for (int i = 0; i < kBlocks; ++i) {
            random[2 * word * kBlocks + i] = uint16_t(words[word][i]);
            random[(2 * word + 1) * kBlocks + i] = uint16_t(words[word][i] >> 16);
        }
}

/// `lo` is not there: weights in bf16, rounded by `random`, 16 bits for each element. Marks as update() gives them.
GSST_LOOP uint32_t updateLean(const AdamWArrays& arrays, const uint16_t* __restrict random, float keep, const AdamWConstants& given) {
    const AdamWArrays to = arrays;
    const AdamWConstants constants = given;
    uint32_t marks = 0;
#pragma GCC ivdep  // nothing overlaps
    for (int64_t i = 0; i < to.count; ++i) {
        const float weight = std::bit_cast<float>(uint32_t{to.hi[i]} << 16);
        float m = to.moment1[i], v = to.moment2[i];
        const float updated = adamwElement(weight, to.gradient[i], m, v, keep, constants);
        to.moment1[i] = m;
        to.moment2[i] = v;
        to.hi[i] = stochasticBf16(std::bit_cast<uint32_t>(updated), random[i]);
        marks |= markNotFinite(std::bit_cast<uint32_t>(updated)) | markNotFinite(std::bit_cast<uint32_t>(v));
    }
    return marks;
}

/// `count` elements from `first` on; the coded moments stay where they are.
GSST_LOOP AdamWArrays part(const AdamWArrays& all, int64_t first, int64_t count) {
    AdamWArrays some = all;
    some.hi += first;
    some.lo += all.lo ? first : 0;
    some.moment1 += all.moment1 ? first : 0;
    some.moment2 += all.moment1 ? first : 0;
    some.gradient += first;
    some.weightsFp32 += all.weightsFp32 ? first : 0;
    some.weightsBf16 += all.weightsBf16 ? first : 0;
    some.weightsFp16 += all.weightsFp16 ? first : 0;
    some.count = count;
    return some;
}

/// The weights out, from what the update has just written.
GSST_LOOP void giveWeights(const AdamWArrays& arrays) {
    if (arrays.weightsFp32)
        joinWeights(arrays.hi, arrays.lo, arrays.weightsFp32, arrays.count);
    else if (arrays.weightsBf16)
        std::copy_n(arrays.hi, arrays.count, arrays.weightsBf16);
    else if (arrays.weightsFp16)
        joinFp16(arrays.hi, arrays.lo, arrays.weightsFp16, arrays.count);
}

GSST_LOOP bool adamwUpdateCoded(const AdamWArrays& arrays, float keep, const AdamWConstants& constants) {
    alignas(64) float moment1[kScaleGroup], moment2[kScaleGroup];
    alignas(64) uint16_t random[kScaleGroup];
    const bool coded = arrays.moment1 == nullptr;
    uint32_t marks = 0;
    for (int64_t first = 0, group = 0; first < arrays.count; first += kScaleGroup, ++group) {
        AdamWArrays some = part(arrays, first, std::min(kScaleGroup, arrays.count - first));
        if (coded) {
            some.moment1 = moment1;
            some.moment2 = moment2;
            decode<decodeMoment1>(arrays.coded1.codes + first, arrays.coded1.scales[group], moment1, some.count);
            decode<decodeMoment2>(arrays.coded2.codes + first, arrays.coded2.scales[group], moment2, some.count);
        }
        if (arrays.lo) {
            marks |= update<WeightsOut::None>(some, keep, constants);
        } else {
            fillRandom(arrays.rounding, arrays.firstElement / kScaleGroup + group, random);
            marks |= updateLean(some, random, keep, constants);
        }
        giveWeights(some);
        if (coded) {
            arrays.coded1.scales[group] = encode<encodeMoment1>(moment1, arrays.coded1.codes + first, some.count);
            arrays.coded2.scales[group] = encode<encodeMoment2>(moment2, arrays.coded2.codes + first, some.count);
        }
    }
    return (marks & kBadMark) == 0;
}

}  // namespace gsst::loops
