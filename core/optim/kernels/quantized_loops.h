// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/philox_rounds.h"
#include "optim/kernels/cpu_loops.h"
#include "optim/kernels/moment_code.h"
#include "spec/state_format.h"

#include <algorithm>
#include <bit>
#include <limits>

// Body of UpdateKernels::quantized: group by group of kScaleGroup elements, through buffers in the cache. An
// instruction set can have a quicker way for most groups, see FullGroups; these loops are for all others, and say what
// it has to give.

namespace gsst::loops {

template <float (*kRatio)(uint8_t)>
GSST_LOOP void decode(const uint8_t* __restrict codes, float* __restrict ratios, int64_t count) {
    for (int64_t i = 0; i < count; ++i)
        ratios[i] = kRatio(codes[i]);
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

/// The random bits of elements 256 `group` ... 256 `group` + 255 of the tensor, see bf16_rounding.h: philoxWords() for
/// 32 blocks at once, round by round, so that the blocks fill vectors.
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
    for (int round = 0; round < kRoundingRounds; ++round, roundKey = nextPhiloxKey(roundKey))
        for (int i = 0; i < kBlocks; ++i)
            philoxRound(words[0][i], words[1][i], words[2][i], words[3][i], roundKey);
    for (int word = 0; word < 4; ++word)
        for (int i = 0; i < kBlocks; ++i) {
            random[2 * word * kBlocks + i] = uint16_t(words[word][i]);
            random[(2 * word + 1) * kBlocks + i] = uint16_t(words[word][i] >> 16);
        }
}

/// `lo` is not there: weights in bf16, rounded by `random`, 16 bits for each element. Marks as update() gives them.
template <typename Math, typename Element>
GSST_LOOP uint32_t updateLean(const UpdateArrays& arrays, const uint16_t* __restrict random, const Element& given) {
    const UpdateArrays to = arrays;
    const Element element = given;
    constexpr bool kSecond = Math::kMoments == 2;
    uint32_t marks = 0;
#pragma GCC ivdep  // nothing overlaps
    for (int64_t i = 0; i < to.count; ++i) {
        const float weight = std::bit_cast<float>(uint32_t{to.hi[i]} << 16);
        float m = to.moment1[i], v = kSecond ? to.moment2[i] : 0.0f;
        const float updated = element(weight, to.gradient[i], m, v);
        to.moment1[i] = m;
        if constexpr (kSecond)
            to.moment2[i] = v;
        to.hi[i] = stochasticBf16(std::bit_cast<uint32_t>(updated), random[i]);
        marks |=
            markNotFinite(std::bit_cast<uint32_t>(updated)) | markNotFinite(std::bit_cast<uint32_t>(kSecond ? v : m));
    }
    return marks;
}

/// `count` elements from `first` on, which begin a group.
GSST_LOOP UpdateArrays part(const UpdateArrays& all, int64_t first, int64_t count) {
    UpdateArrays some = all;
    some.hi += first;
    some.lo += all.lo ? first : 0;
    if (all.moment1) {
        some.moment1 += first;
        some.moment2 += all.moment2 ? first : 0;
    } else {
        some.quantized1 = {all.quantized1.codes + first, all.quantized1.scales + first / kScaleGroup};
        if (all.quantized2.codes)
            some.quantized2 = {all.quantized2.codes + first, all.quantized2.scales + first / kScaleGroup};
    }
    some.gradient += first;
    some.weightsFp32 += all.weightsFp32 ? first : 0;
    some.weightsBf16 += all.weightsBf16 ? first : 0;
    some.weightsFp16 += all.weightsFp16 ? first : 0;
    some.count = count;
    some.firstElement += first;
    return some;
}

/// The weights out, from what the update has just written.
GSST_LOOP void giveWeights(const UpdateArrays& arrays) {
    if (arrays.weightsFp32)
        materializeWeights(arrays.hi, arrays.lo, arrays.weightsFp32, arrays.count);
    else if (arrays.weightsBf16)
        std::copy_n(arrays.hi, arrays.count, arrays.weightsBf16);
    else if (arrays.weightsFp16)
        joinFp16(arrays.hi, arrays.lo, arrays.weightsFp16, arrays.count);
}

/// Weights of a group, and moments in fp32. Marks as update() gives them.
template <typename Math, typename Element>
GSST_LOOP uint32_t updateWeights(const UpdateArrays& group, const Element& element) {
    if (group.lo)
        return update<Math, WeightsOut::None>(group, element);
    alignas(64) uint16_t random[kScaleGroup];
    fillRandom(group.rounding, group.firstElement / kScaleGroup, random);
    return updateLean<Math>(group, random, element);
}

/// Weights and quantized moments of a group. Marks as update() gives them.
template <typename Math>
GSST_LOOP uint32_t updateQuantizedGroup(const UpdateArrays& group, float keep,
                                        const typename Math::Constants& constants) {
    constexpr bool kSecond = Math::kMoments == 2;
    alignas(64) float moment1[kScaleGroup], moment2[kSecond ? kScaleGroup : 1];
    decode<ratioOfCode1>(group.quantized1.codes, moment1, group.count);
    if constexpr (kSecond)
        decode<ratioOfCode2>(group.quantized2.codes, moment2, group.count);
    UpdateArrays decoded = group;
    decoded.moment1 = moment1;
    decoded.moment2 = moment2;
    const float scale2 = kSecond ? *group.quantized2.scales : 0.0f;
    const uint32_t marks =
        updateWeights<Math>(decoded, typename Math::Quantized(constants, keep, *group.quantized1.scales, scale2));
    *group.quantized1.scales = encode<encodeMoment1>(moment1, group.quantized1.codes, group.count);
    if constexpr (kSecond)
        *group.quantized2.scales = encode<encodeMoment2>(moment2, group.quantized2.codes, group.count);
    return marks;
}

/// What updateQuantizedGroup() does, for groups of kScaleGroup elements one after the other. Returns how many of them
/// are done, from the first on; the others are as they were. It may stop at one that it leaves to
/// updateQuantizedGroup() because it is rare, such as one whose results are not finite: those it has done are.
template <typename Math>
using FullGroups = int64_t (*)(const UpdateArrays& arrays, float keep, const typename Math::Constants& constants);

/// `kFullGroups` may be null.
template <typename Math, FullGroups<Math> kFullGroups>
GSST_LOOP bool updateQuantized(const UpdateArrays& arrays, float keep, const typename Math::Constants& constants) {
    uint32_t marks = 0;
    for (int64_t first = 0; first < arrays.count;) {
        UpdateArrays some = part(arrays, first, arrays.count - first);
        int64_t done = 0;
        if constexpr (kFullGroups != nullptr)
            done = arrays.moment1 ? 0 : kFullGroups(some, keep, constants) * kScaleGroup;
        if (done > 0)
            some.count = done;
        else
            some.count = std::min(kScaleGroup, some.count);
        if (arrays.moment1)
            marks |= updateWeights<Math>(some, typename Math::Plain(constants, keep));
        else if (done == 0)
            marks |= updateQuantizedGroup<Math>(some, keep, constants);
        giveWeights(some);
        first += some.count;
    }
    return (marks & kBadMark) == 0;
}

}  // namespace gsst::loops
