// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/philox_rounds.h"
#include "optim/kernels/block_loops.h"
#include "optim/kernels/moment_code.h"

// What a warp does with a group of 256 elements of the presets Mixed and Lean: block_loops.h for elements that share a
// scale of their moments, or a block of random bits. Lane l has the elements l, l + 32, l + 64 ... of the group, which
// are those of one random block; its update is in two halves, because the new scale is the maximum over all lanes.
// C++17, for the CUDA compiler.

namespace gsst {

inline constexpr int kGroupElements = 256;
inline constexpr int kGroupLanes = 32;
inline constexpr int kLaneElements = kGroupElements / kGroupLanes;
static_assert(kLaneElements == 8, "a random block has 8 pieces of 16 bits");

/// New moments that a lane keeps from the first half of an update to the second.
struct LaneMoments {
    float moment1[kLaneElements] = {};
    float moment2[kLaneElements] = {};
};

/// The largest absolute values of some moments, as bits. Compared as integers, NaN is larger than Inf, and Inf than all
/// else.
struct LargestMoments {
    uint32_t moment1 = 0;
    uint32_t moment2 = 0;
};

namespace loops {

GSST_HD inline uint32_t larger(uint32_t a, uint32_t b) {
    return a > b ? a : b;
}

/// Of the element `piece` of a lane in its block, which may be in the padding.
GSST_HD inline int32_t elementOf(int32_t group, int lane, int piece) {
    return group * kGroupElements + piece * kGroupLanes + lane;
}

GSST_HD inline uint8_t* codesOf(std::byte* moments, const BlockLocation& place) {
    return reinterpret_cast<uint8_t*>(moments + place.momentBytes);
}

GSST_HD inline float& scaleOf(std::byte* moments, const BlockLocation& place, int32_t group) {
    return reinterpret_cast<float*>(moments + place.momentBytes + place.paddedElements)[group];
}

/// The 16 random bits of element `piece` of a lane.
GSST_HD inline uint32_t pieceOf(const PhiloxWords& random, int piece) {
    return random.words[piece / 2] >> (piece % 2 * 16) & 0xffffu;
}

/// First half: new weights of a lane, and new moments where they are fp32. In the padding nothing but zero weights is
/// written. The moments of a quantized block are kept in `kept`; returns their largest.
template <typename Math>
GSST_HD inline LargestMoments updateLane(const BlockArrays& arrays, const BlockLocation& place, int32_t group, int lane,
                                         const typename Math::Constants& constants, LaneMoments& kept) {
    constexpr bool kSecond = Math::kMoments == 2;
    const uint64_t block = place.randomIndex + static_cast<uint64_t>(group) * kGroupLanes + static_cast<uint64_t>(lane);
    const PhiloxWords random =
        arrays.lo ? PhiloxWords{} : philoxWords<kRoundingRounds>(arrays.seed, arrays.stream, block);
    LargestMoments largest;
    GSST_UNROLL
    for (int piece = 0; piece < kLaneElements; ++piece) {
        const int32_t i = elementOf(group, lane, piece);
        const int64_t at = place.offset + i;
        if (i >= place.elements) {
            writeWeight(arrays, at, 0);
        } else if (place.quantized) {
            float& m = kept.moment1[piece];
            float& v = kept.moment2[piece];
            m = ratioOfCode1(codesOf(arrays.moment1, place)[i]);
            v = kSecond ? ratioOfCode2(codesOf(arrays.moment2, place)[i]) : 0.0f;
            const typename Math::Quantized element(constants, place.keep, scaleOf(arrays.moment1, place, group),
                                                   kSecond ? scaleOf(arrays.moment2, place, group) : 0.0f);
            updateWeight<Math>(arrays, at, m, v, pieceOf(random, piece), element);
            largest.moment1 = larger(largest.moment1, bitsOf(m) & 0x7fffffffu);
            largest.moment2 = larger(largest.moment2, bitsOf(v) & 0x7fffffffu);
        } else {
            updatePlainWeight<Math>(arrays, place, i, pieceOf(random, piece), constants);
        }
    }
    return largest;
}

/// Codes of a lane's moments, and the first lane writes the scale; `largest` is that of all lanes.
template <uint8_t (*kEncode)(float value, float inverseScale)>
GSST_HD inline void encodeLane(std::byte* moments, const BlockLocation& place, int32_t group, int lane,
                               const float* values, uint32_t largest) {
    const bool finite = largest < 0x7f800000u;
    const float scale = momentScale(floatOf(largest));
    const float inverse = 1.0f / scale;
    GSST_UNROLL
    for (int piece = 0; piece < kLaneElements; ++piece)
        if (const int32_t i = elementOf(group, lane, piece); i < place.elements)
            codesOf(moments, place)[i] = finite ? kEncode(values[piece], inverse) : uint8_t{0};
    if (lane == 0 && elementOf(group, 0, 0) < place.elements)
        scaleOf(moments, place, group) = scale;
}

/// Second half, for a quantized block: `largest` is the larger of all lanes' first halves. No lane may begin it before
/// all lanes have been through the first.
template <typename Math>
GSST_HD inline void encodeLane(const BlockArrays& arrays, const BlockLocation& place, int32_t group, int lane,
                               const LaneMoments& kept, LargestMoments largest) {
    encodeLane<encodeMoment1>(arrays.moment1, place, group, lane, kept.moment1, largest.moment1);
    if constexpr (Math::kMoments == 2)
        encodeLane<encodeMoment2>(arrays.moment2, place, group, lane, kept.moment2, largest.moment2);
}

}  // namespace loops
}  // namespace gsst
