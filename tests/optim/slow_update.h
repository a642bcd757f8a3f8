// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/philox_rounds.h"
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

/// Codes and scale of a group.
template <uint8_t (*kEncode)(float, float)>
void encodeSlowly(const std::vector<float>& values, const QuantizedMoment& to, int64_t first, int64_t group) {
    const float scale = momentScale(slowLargest(values));
    to.scales[group] = scale;
    for (size_t i = 0; i < values.size(); ++i)
        to.codes[first + int64_t(i)] = std::isnan(scale) ? uint8_t{0} : kEncode(values[i], 1 / scale);
}

/// UpdateKernels::plain one element after the other, from the functions of one element. A barrier keeps it from
/// being vectorised.
template <typename Math>
void slowUpdate(const UpdateArrays& arrays, float keep, const typename Math::Constants& constants) {
    constexpr bool kSecond = Math::kMoments == 2;
    for (int64_t first = 0, group = 0; first < arrays.count; first += kScaleGroup, ++group) {
        const int64_t count = std::min(kScaleGroup, arrays.count - first);
        std::vector<float> moment1, moment2;
        for (int64_t i = first; i < first + count; ++i) {
            float m = arrays.moment1 ? arrays.moment1[i] : ratioOfCode1(arrays.quantized1.codes[i]);
            float v = 0;
            if (kSecond)
                v = arrays.moment1 ? arrays.moment2[i] : ratioOfCode2(arrays.quantized2.codes[i]);
            const float weight = std::bit_cast<float>(joinHalves(arrays.hi[i], arrays.lo ? arrays.lo[i] : uint16_t{0}));
            const float scale2 = kSecond && !arrays.moment1 ? arrays.quantized2.scales[group] : 0;
            const float updated = arrays.moment1
                                      ? typename Math::Plain(constants, keep)(weight, arrays.gradient[i], m, v)
                                      : typename Math::Quantized(constants, keep, arrays.quantized1.scales[group],
                                                                 scale2)(weight, arrays.gradient[i], m, v);
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
            if (kSecond)
                std::ranges::copy(moment2, arrays.moment2 + first);
            continue;
        }
        encodeSlowly<encodeMoment1>(moment1, arrays.quantized1, first, group);
        if (kSecond)
            encodeSlowly<encodeMoment2>(moment2, arrays.quantized2, first, group);
    }
}

}  // namespace gsst::test
