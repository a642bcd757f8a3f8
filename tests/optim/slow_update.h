// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/philox_rounds.h"
#include "optim/kernels/adamw_math.h"
#include "optim/kernels/cpu_kernels.h"
#include "optim/kernels/moment_code.h"
#include "spec/state_format.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

namespace gsst::test {

/// The 16 random bits of one element, by the definition in bf16_rounding.h.
inline uint16_t slowRandom(const RoundingKey& key, int64_t element) {
    const int64_t place = element % 256;
    const uint64_t index = roundingIndex(key, element / 256) + uint64_t(place % 32);
    const uint32_t word = philoxWords<kRoundingRounds>(key.seed, roundingStream(key), index).words[place / 32 / 2];
    return uint16_t(place / 32 % 2 == 0 ? word : word >> 16);
}

/// The largest absolute value; NaN if there is one that is not finite.
inline float slowLargest(const std::vector<float>& values) {
    float largest = 0;
    for (const float value : values)
        largest = std::isfinite(value) && std::isfinite(largest) ? std::max(largest, std::abs(value)) : NAN;
    return largest;
}

/// CpuKernels::adamwUpdate() one element after the other, from the functions of one element. A barrier keeps it from
/// being vectorised.
inline void slowUpdate(const AdamWArrays& arrays, float keep, const AdamWConstants& constants) {
    for (int64_t first = 0, group = 0; first < arrays.count; first += kScaleGroup, ++group) {
        const int64_t count = std::min(kScaleGroup, arrays.count - first);
        std::vector<float> moment1, moment2;
        for (int64_t i = first; i < first + count; ++i) {
            float m = arrays.moment1 ? arrays.moment1[i] : ratioOfCode1(arrays.quantized1.codes[i]);
            float v = arrays.moment1 ? arrays.moment2[i] : ratioOfCode2(arrays.quantized2.codes[i]);
            const float weight = std::bit_cast<float>(joinHalves(arrays.hi[i], arrays.lo ? arrays.lo[i] : uint16_t{0}));
            const float updated =
                arrays.moment1 ? adamwElement(weight, arrays.gradient[i], m, v, keep, constants)
                               : QuantizedElement(constants, keep, arrays.quantized1.scales[group],
                                                  arrays.quantized2.scales[group])(weight, arrays.gradient[i], m, v);
            const uint32_t bits = std::bit_cast<uint32_t>(updated);
            arrays.hi[i] =
                arrays.lo ? highHalf(bits) : stochasticBf16(bits, slowRandom(arrays.rounding, arrays.firstElement + i));
            if (arrays.lo)
                arrays.lo[i] = lowHalf(bits);
            moment1.push_back(m);
            moment2.push_back(v);
            asm volatile("" ::: "memory");
        }
        if (arrays.moment1) {
            std::ranges::copy(moment1, arrays.moment1 + first);
            std::ranges::copy(moment2, arrays.moment2 + first);
            continue;
        }
        const float scale1 = momentScale(slowLargest(moment1)), scale2 = momentScale(slowLargest(moment2));
        arrays.quantized1.scales[group] = scale1;
        arrays.quantized2.scales[group] = scale2;
        for (int64_t i = 0; i < count; ++i) {
            arrays.quantized1.codes[first + i] =
                std::isnan(scale1) ? uint8_t{0} : encodeMoment1(moment1[size_t(i)], 1 / scale1);
            arrays.quantized2.codes[first + i] =
                std::isnan(scale2) ? uint8_t{0} : encodeMoment2(moment2[size_t(i)], 1 / scale2);
        }
    }
}

}  // namespace gsst::test
