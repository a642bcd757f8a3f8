// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/half_float.h"
#include "optim/adamw_math.h"
#include "optim/bf16_split.h"

#include <cstdint>
#include <cstring>

// What one thread of a kernel does with canonical blocks, as functions that also compile for the processor: the tests run
// them there against the CPU kernels. A kernel only maps its threads to the indices. C++17, for the CUDA compiler.

namespace gsst {

/// Where a block lies behind the pointers of BlockArrays, in elements.
struct BlockPlace {
    int64_t offset = 0;
    int32_t elements = 0;        ///< at most kBlockElements
    int32_t paddedElements = 0;
    float keep = 1.0f;           ///< AdamWConstants::keep, or 1 for a tensor that does not decay
};

inline constexpr int kBatchBlocks = 128;

/// The blocks of one launch. Handed to the kernel by value, so no copy to the device has to be waited for.
struct BlockBatch {
    int count = 0;
    BlockPlace places[kBatchBlocks];
};

/// State, gradient and output of a run of blocks; see BlockUpdate. At most one of the weights is not null.
struct BlockArrays {
    uint16_t* hi = nullptr;
    uint16_t* lo = nullptr;
    float* moment1 = nullptr;
    float* moment2 = nullptr;
    const float* gradient = nullptr;
    float* weightsFp32 = nullptr;
    uint16_t* weightsBf16 = nullptr;
    uint16_t* weightsFp16 = nullptr;
    uint32_t* notFinite = nullptr;
};

inline constexpr int kNormLanes = 16;

namespace loops {

GSST_HD inline float floatOf(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

GSST_HD inline uint32_t bitsOf(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/// Updates element `i` of a block, 0 <= i < paddedElements. In the padding nothing but a zero weight is written.
GSST_HD inline void updateElement(const BlockArrays& arrays, const BlockPlace& place, int32_t i, const AdamWConstants& constants) {
    const int64_t at = place.offset + i;
    uint32_t bits = 0;
    if (i < place.elements) {
        float m = arrays.moment1[at], v = arrays.moment2[at];
        bits = bitsOf(adamwElement(floatOf(joinHalves(arrays.hi[at], arrays.lo[at])), arrays.gradient[at], m, v, place.keep, constants));
        arrays.moment1[at] = m;
        arrays.moment2[at] = v;
        arrays.hi[at] = highHalf(bits);
        arrays.lo[at] = lowHalf(bits);
        // Threads that see it at the same time write the same.
        if (arrays.notFinite && ((markNotSplittable(bits) | markNotFinite(bitsOf(v))) & kBadMark) != 0)
            *arrays.notFinite = 1;
    }
    if (arrays.weightsFp32)
        arrays.weightsFp32[at] = floatOf(bits);
    if (arrays.weightsBf16)
        arrays.weightsBf16[at] = highHalf(bits);
    if (arrays.weightsFp16)
        arrays.weightsFp16[at] = nearestHalf(bits);
}

/// Compute weight `at` from its halves; without `lo` (null) it is the value of `hi`.
GSST_HD inline void joinElement(const BlockArrays& arrays, int64_t at) {
    const uint32_t bits = joinHalves(arrays.hi[at], arrays.lo ? arrays.lo[at] : uint16_t{0});
    if (arrays.weightsFp32)
        arrays.weightsFp32[at] = floatOf(bits);
    if (arrays.weightsBf16)
        arrays.weightsBf16[at] = arrays.hi[at];
    if (arrays.weightsFp16)
        arrays.weightsFp16[at] = nearestHalf(bits);
}

/// What lane `lane` of squaredNorm() adds up: elements lane, lane + 16, lane + 32 ... in order.
GSST_HD inline double laneSum(const float* values, int32_t count, int lane) {
    double sum = 0;
    for (int32_t i = lane; i < count; i += kNormLanes) {
        const double value = values[i];
        sum += value * value;
    }
    return sum;
}

/// squaredNorm() from its lanes.
GSST_HD inline double sumOfLanes(const double* lanes) {
    double sum = 0;
    for (int lane = 0; lane < kNormLanes; ++lane)
        sum += lanes[lane];
    return sum;
}

}  // namespace loops
}  // namespace gsst
