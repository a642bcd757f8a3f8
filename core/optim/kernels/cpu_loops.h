// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/half_float.h"
#include "optim/kernels/block_loops.h"
#include "optim/kernels/cpu_kernels.h"

#include <bit>

// Bodies of CpuKernels, for the cpu_kernels_*.cpp only. Forced inline, so that each caller compiles them for its own
// instruction set; plain loops that the compiler vectorises.
#define GSST_LOOP [[gnu::always_inline]] inline

namespace gsst::loops {

enum class WeightsOut { None, Fp32, Bf16, Fp16 };

/// By a Math's Plain or Quantized element. Returns marks of the weights and of the last moment, which tell of
/// everything.
template <typename Math, WeightsOut kOut, typename Element>
GSST_LOOP uint32_t update(const UpdateArrays& arrays, const Element& given) {
    const UpdateArrays to = arrays;  // copies, so that the compiler sees that no store changes them
    const Element element = given;
    constexpr bool kSecond = Math::kMoments == 2;
    uint32_t marks = 0;
#pragma GCC ivdep  // nothing overlaps
    for (int64_t i = 0; i < to.count; ++i) {
        const float weight = std::bit_cast<float>(joinHalves(to.hi[i], to.lo[i]));
        float m = to.moment1[i], v = kSecond ? to.moment2[i] : 0.0f;
        const float updated = element(weight, to.gradient[i], m, v);
        to.moment1[i] = m;
        if constexpr (kSecond)
            to.moment2[i] = v;
        const uint32_t bits = std::bit_cast<uint32_t>(updated);
        to.hi[i] = highHalf(bits);
        to.lo[i] = lowHalf(bits);
        if constexpr (kOut == WeightsOut::Fp32)
            to.weightsFp32[i] = updated;
        if constexpr (kOut == WeightsOut::Bf16)
            to.weightsBf16[i] = highHalf(bits);
        if constexpr (kOut == WeightsOut::Fp16)
            to.weightsFp16[i] = nearestHalf(bits);
        marks |= markNotSplittable(bits) | markNotFinite(std::bit_cast<uint32_t>(kSecond ? v : m));
    }
    return marks;
}

template <typename Math>
GSST_LOOP bool updatePlain(const UpdateArrays& arrays, float keep, const typename Math::Constants& constants) {
    const typename Math::Plain element(constants, keep);
    uint32_t marks = 0;
    if (arrays.weightsFp32)
        marks = update<Math, WeightsOut::Fp32>(arrays, element);
    else if (arrays.weightsBf16)
        marks = update<Math, WeightsOut::Bf16>(arrays, element);
    else if (arrays.weightsFp16)
        marks = update<Math, WeightsOut::Fp16>(arrays, element);
    else
        marks = update<Math, WeightsOut::None>(arrays, element);
    return (marks & kBadMark) == 0;
}

GSST_LOOP void materializeWeights(const uint16_t* __restrict hi, const uint16_t* __restrict lo,
                                  float* __restrict weights, int64_t count) {
    if (!lo)
        for (int64_t i = 0; i < count; ++i)
            weights[i] = std::bit_cast<float>(uint32_t{hi[i]} << 16);
    else
        for (int64_t i = 0; i < count; ++i)
            weights[i] = std::bit_cast<float>(joinHalves(hi[i], lo[i]));
}

GSST_LOOP void joinFp16(const uint16_t* __restrict hi, const uint16_t* __restrict lo, uint16_t* __restrict weights,
                        int64_t count) {
    if (!lo)
        for (int64_t i = 0; i < count; ++i)
            weights[i] = nearestHalf(uint32_t{hi[i]} << 16);
    else
        for (int64_t i = 0; i < count; ++i)
            weights[i] = nearestHalf(joinHalves(hi[i], lo[i]));
}

GSST_LOOP double squaredNorm(const float* __restrict values, int64_t count) {
    double lanes[kNormLanes] = {};
    int64_t i = 0;
    for (; i + kNormLanes <= count; i += kNormLanes)
        for (int lane = 0; lane < kNormLanes; ++lane) {
            const double value = values[i + lane];
            lanes[lane] += value * value;
        }
    for (; i < count; ++i)
        lanes[i % kNormLanes] += double(values[i]) * double(values[i]);
    return sumOfLanes(lanes);
}

GSST_LOOP void roundToBf16(float* values, int64_t count) {
    for (int64_t i = 0; i < count; ++i)
        values[i] = std::bit_cast<float>(uint32_t{nearestBf16(std::bit_cast<uint32_t>(values[i]))} << 16);
}

GSST_LOOP void packBf16(const float* __restrict values, uint16_t* __restrict packed, int64_t count) {
    for (int64_t i = 0; i < count; ++i)
        packed[i] = nearestBf16(std::bit_cast<uint32_t>(values[i]));
}

}  // namespace gsst::loops
