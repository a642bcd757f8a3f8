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

/// By a PlainElement or QuantizedElement. Returns marks of what was updated. The first moment needs none: where it is
/// not finite, weight or second moment are not finite either.
template <WeightsOut kOut, typename Element>
GSST_LOOP uint32_t update(const AdamWArrays& arrays, const Element& given) {
    const AdamWArrays to = arrays;  // copies, so that the compiler sees that no store changes them
    const Element element = given;
    uint32_t marks = 0;
#pragma GCC ivdep  // nothing overlaps
    for (int64_t i = 0; i < to.count; ++i) {
        const float weight = std::bit_cast<float>(joinHalves(to.hi[i], to.lo[i]));
        float m = to.moment1[i], v = to.moment2[i];
        const float updated = element(weight, to.gradient[i], m, v);
        to.moment1[i] = m;
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
        marks |= markNotSplittable(bits) | markNotFinite(std::bit_cast<uint32_t>(v));
    }
    return marks;
}

GSST_LOOP bool adamwUpdate(const AdamWArrays& arrays, float keep, const AdamWConstants& constants) {
    uint32_t marks = 0;
    if (arrays.weightsFp32)
        marks = update<WeightsOut::Fp32>(arrays, PlainElement(constants, keep));
    else if (arrays.weightsBf16)
        marks = update<WeightsOut::Bf16>(arrays, PlainElement(constants, keep));
    else if (arrays.weightsFp16)
        marks = update<WeightsOut::Fp16>(arrays, PlainElement(constants, keep));
    else
        marks = update<WeightsOut::None>(arrays, PlainElement(constants, keep));
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
