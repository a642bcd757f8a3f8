// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/half_float.h"
#include "optim/kernels/bf16_rounding.h"
#include "optim/kernels/bf16_split.h"
#include "optim/kernels/optimizer_maths.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

// What one thread of a kernel does with canonical blocks, as functions that also compile for the processor: the tests
// run them there against the CPU kernels. A kernel only maps its threads to the indices. C++17, for the CUDA compiler.

namespace gsst {

/// Where a block lies behind the pointers of BlockArrays. `offset` counts elements.
struct BlockLocation {
    int64_t offset = 0;
    int64_t momentBytes = 0;   ///< from the first block's section of a moment to this one's
    uint64_t randomIndex = 0;  ///< without `lo`: roundingIndex() of the block's first group of 256 elements
    int32_t elements = 0;      ///< at most kBlockElements
    int32_t paddedElements = 0;
    float keep = 1.0f;       ///< Constants::keep of the Math, or 1 for a tensor that does not decay
    bool quantized = false;  ///< the moments are 8-bit codes with scales
};

inline constexpr int kBatchBlocks = 64;

/// The blocks of one launch. Handed to the kernel by value, so no copy to the device has to be waited for.
struct BlockBatch {
    int count = 0;
    BlockLocation places[kBatchBlocks];
};

/// State, gradient and output of a run of blocks; see BlockUpdate. At most one of the weights is not null.
struct BlockArrays {
    uint16_t* hi = nullptr;
    uint16_t* lo = nullptr;  ///< null: weights are `hi` alone and rounded stochastically
    std::byte* moment1 = nullptr;
    std::byte* moment2 = nullptr;  ///< if the optimizer has second moments
    const float* gradient = nullptr;
    const uint16_t* packed = nullptr;  ///< instead of `gradient`, in bf16
    float* weightsFp32 = nullptr;
    uint16_t* weightsBf16 = nullptr;
    uint16_t* weightsFp16 = nullptr;
    uint32_t* notFinite = nullptr;
    uint64_t seed = 0;    ///< without `lo`: of the random bits
    uint64_t stream = 0;  ///< without `lo`: roundingStream()
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

/// fp32 moments of a block that is not quantized.
GSST_HD inline float* plainMoments(std::byte* moments, const BlockLocation& place) {
    return reinterpret_cast<float*>(moments + place.momentBytes);
}

/// The fp32 value with these bits, in the form that is computed with.
GSST_HD inline void writeWeight(const BlockArrays& arrays, int64_t at, uint32_t bits) {
    if (arrays.weightsFp32)
        arrays.weightsFp32[at] = floatOf(bits);
    if (arrays.weightsBf16)
        arrays.weightsBf16[at] = highHalf(bits);
    if (arrays.weightsFp16)
        arrays.weightsFp16[at] = nearestHalf(bits);
}

/// New weight `at` in state and output, by a Math's Plain or Quantized element. The moments become the new ones,
/// wherever they are kept. `random`: 16 bits, used without `lo`.
template <typename Math, typename Element>
GSST_HD inline void updateWeight(const BlockArrays& arrays, int64_t at, float& moment1, float& moment2, uint32_t random,
                                 const Element& element) {
    const float gradient = arrays.packed ? floatOf(uint32_t{arrays.packed[at]} << 16) : arrays.gradient[at];
    const uint32_t before = joinHalves(arrays.hi[at], arrays.lo ? arrays.lo[at] : uint16_t{0});
    uint32_t bits = bitsOf(element(floatOf(before), gradient, moment1, moment2));
    uint32_t marks = markNotFinite(bitsOf(Math::kMoments == 2 ? moment2 : moment1));
    if (arrays.lo) {
        marks |= markNotSplittable(bits);
        arrays.hi[at] = highHalf(bits);
        arrays.lo[at] = lowHalf(bits);
    } else {
        marks |= markNotFinite(bits);
        arrays.hi[at] = stochasticBf16(bits, random);
        bits = uint32_t{arrays.hi[at]} << 16;
    }
    writeWeight(arrays, at, bits);
    // Threads that see it at the same time write the same.
    if (arrays.notFinite && (marks & kBadMark) != 0)
        *arrays.notFinite = 1;
}

/// The same for element `i` of a block with fp32 moments.
template <typename Math>
GSST_HD inline void updatePlainWeight(const BlockArrays& arrays, const BlockLocation& place, int32_t i, uint32_t random,
                                      const typename Math::Constants& constants) {
    const typename Math::Plain element(constants, place.keep);
    float none = 0;
    float& moment2 = Math::kMoments == 2 ? plainMoments(arrays.moment2, place)[i] : none;
    updateWeight<Math>(arrays, place.offset + i, plainMoments(arrays.moment1, place)[i], moment2, random, element);
}

/// Updates element `i` of a block of preset Exact, 0 <= i < paddedElements. In the padding nothing but a zero weight is
/// written.
template <typename Math>
GSST_HD inline void updateElement(const BlockArrays& arrays, const BlockLocation& place, int32_t i,
                                  const typename Math::Constants& constants) {
    if (i >= place.elements)
        return writeWeight(arrays, place.offset + i, 0);
    updatePlainWeight<Math>(arrays, place, i, 0, constants);
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

/// The opposite of joinElement(): `hi`, and `lo` unless it is null, from what otherwise is output, weights in fp32 or
/// bf16.
GSST_HD inline void splitElement(const BlockArrays& arrays, int64_t at) {
    const uint32_t bits = arrays.weightsFp32 ? bitsOf(arrays.weightsFp32[at]) : uint32_t{arrays.weightsBf16[at]} << 16;
    arrays.hi[at] = highHalf(bits);
    if (arrays.lo)
        arrays.lo[at] = lowHalf(bits);
}

/// Rounds element `i` of the gradient of a block to bf16 in place, 0 <= i < paddedElements; not in the padding.
GSST_HD inline void roundElement(float* gradient, const BlockLocation& place, int32_t i) {
    float& value = gradient[place.offset + i];
    if (i < place.elements)
        value = floatOf(uint32_t{nearestBf16(bitsOf(value))} << 16);
}

/// The same into `packed`; zero in the padding, which is not read.
GSST_HD inline void packElement(const float* gradient, uint16_t* packed, const BlockLocation& place, int32_t i) {
    const int64_t at = place.offset + i;
    packed[at] = i < place.elements ? nearestBf16(bitsOf(gradient[at])) : uint16_t{0};
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
