// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/half_float.h"

#include <bit>
#include <cstdint>

// Building blocks of the row kernels: plain C++ that the compiler vectorises. Without fused multiply-adds and with
// fixed lanes, the bits do not depend on the processor's vector width.

/// A function compiled for several processors, chosen when the program starts.
#if defined(__x86_64__) && defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define GSST_VECTOR_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define GSST_VECTOR_CLONES
#endif
#define GSST_ALWAYS_INLINE inline __attribute__((always_inline))

namespace gsst::vector_math {

inline constexpr int kLanes = 16;

/// Raw bits of a bfloat16.
struct Bf16 {
    uint16_t bits;
};

/// Raw bits of an fp16.
struct Fp16 {
    uint16_t bits;
};

GSST_ALWAYS_INLINE float load(float value) {
    return value;
}
GSST_ALWAYS_INLINE float load(Bf16 value) {
    return std::bit_cast<float>(uint32_t{value.bits} << 16);
}

GSST_ALWAYS_INLINE float load(Fp16 value) {
    const uint32_t size = value.bits & 0x7fffu;
    const uint32_t subnormal = std::bit_cast<uint32_t>(float(int32_t(size)) * 0x1p-24f);
    const uint32_t other = (size << 13) + (size >= 0x7c00u ? 0x70000000u : 0x38000000u);
    return std::bit_cast<float>((value.bits & 0x8000u) << 16 | (size < 0x400u ? subnormal : other));
}

GSST_ALWAYS_INLINE void store(float& to, float value) {
    to = value;
}
/// Nearest even, NaN stays NaN (as torch rounds activations).
GSST_ALWAYS_INLINE void store(Bf16& to, float value) {
    const uint32_t bits = std::bit_cast<uint32_t>(value);
    const uint32_t rounded = (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16;
    to.bits = static_cast<uint16_t>((bits & 0x7FFFFFFFu) > 0x7F800000u ? 0x7FC0u : rounded);
}

/// Nearest even, too large values become Inf.
GSST_ALWAYS_INLINE void store(Fp16& to, float value) {
    to.bits = nearestHalf(std::bit_cast<uint32_t>(value));
}

/// e^x within 2 units in the last place; 0 below -87, e^88 above 88, NaN for NaN.
GSST_ALWAYS_INLINE float exponential(float x) {
    constexpr float kRoundMagic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to a whole number in the low bits
    const float bounded = x > 88.0f ? 88.0f : x < -87.0f ? -87.0f : x;
    const float shifted = bounded * 1.44269504088896341f + kRoundMagic;
    const float power = shifted - kRoundMagic;
    const float r = (bounded - power * 0.693359375f) + power * 2.12194440e-4f;
    float p = 1.9875691500e-4f;  // minimax polynomial of (e^r - 1 - r) / r^2 on [-ln 2 / 2, ln 2 / 2] (Cephes expf)
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    const float mantissa = p * r * r + r + 1.0f;
    const uint32_t exponent = std::bit_cast<uint32_t>(shifted) - std::bit_cast<uint32_t>(kRoundMagic) + 127u;
    const float result = mantissa * std::bit_cast<float>(exponent << 23);
    return x < -87.0f ? 0.0f : result;
}

GSST_ALWAYS_INLINE float sigmoid(float x) {
    return 1.0f / (1.0f + exponential(-x));
}

/// Sum of the lanes in a fixed order.
GSST_ALWAYS_INLINE float sumOf(const float (&lanes)[kLanes]) {
    float half[kLanes];
    for (int i = 0; i < kLanes; ++i)
        half[i] = lanes[i];
    for (int width = kLanes / 2; width > 0; width /= 2)
        for (int i = 0; i < width; ++i)
            half[i] += half[i + width];
    return half[0];
}

/// Sum of term(i) for i in [0, count) over fixed lanes.
template <typename Term>
GSST_ALWAYS_INLINE float laneSum(int64_t count, const Term& term) {
    float lanes[kLanes] = {};
    int64_t i = 0;
    for (; i + kLanes <= count; i += kLanes)
        for (int lane = 0; lane < kLanes; ++lane)
            lanes[lane] += term(i + lane);
    for (int lane = 0; i < count; ++i, ++lane)
        lanes[lane] += term(i);
    return sumOf(lanes);
}

}  // namespace gsst::vector_math
