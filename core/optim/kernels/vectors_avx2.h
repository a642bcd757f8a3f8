// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <limits>

// The vectors of quantized_groups_body.h with AVX2.

namespace gsst::loops::avx2 {

inline constexpr int kLanes = 8;
inline constexpr int kRandomParts = 2;  ///< vectors whose rounds take turns; more do not fit the registers

#pragma GCC push_options
#pragma GCC target("avx2")
#define GSST_INLINE [[gnu::always_inline]] inline

using Floats = __m256;
using Ints = __m256i;

GSST_INLINE Ints bitsOf(Floats values) {
    return _mm256_castps_si256(values);
}
GSST_INLINE Floats floatsOf(Ints bits) {
    return _mm256_castsi256_ps(bits);
}

GSST_INLINE Floats all(float value) {
    return _mm256_set1_ps(value);
}
GSST_INLINE Ints all(uint32_t value) {
    return _mm256_set1_epi32(int(value));
}

GSST_INLINE Floats load(const float* at) {
    return _mm256_load_ps(at);
}
GSST_INLINE Ints load(const uint32_t* at) {
    return _mm256_load_si256(reinterpret_cast<const Ints*>(at));
}
GSST_INLINE Floats loadUnaligned(const float* at) {
    return _mm256_loadu_ps(at);
}
GSST_INLINE void store(float* at, Floats values) {
    _mm256_store_ps(at, values);
}
GSST_INLINE void store(uint32_t* at, Ints values) {
    _mm256_store_si256(reinterpret_cast<Ints*>(at), values);
}

GSST_INLINE Floats plus(Floats a, Floats b) {
    return _mm256_add_ps(a, b);
}
GSST_INLINE Floats minus(Floats a, Floats b) {
    return _mm256_sub_ps(a, b);
}
GSST_INLINE Floats times(Floats a, Floats b) {
    return _mm256_mul_ps(a, b);
}
GSST_INLINE Floats over(Floats a, Floats b) {
    return _mm256_div_ps(a, b);
}
GSST_INLINE Floats root(Floats values) {
    return _mm256_sqrt_ps(values);
}
GSST_INLINE Floats addSquares(Floats values, Floats sum) {
    return plus(times(values, values), sum);
}
GSST_INLINE Floats larger(Floats a, Floats b) {
    return _mm256_max_ps(a, b);
}
GSST_INLINE Floats sizeOf(Floats values) {
    return floatsOf(_mm256_and_si256(bitsOf(values), _mm256_set1_epi32(INT32_MAX)));
}
/// `b` is not negative.
GSST_INLINE Floats largerSize(Floats a, Floats b) {
    return larger(sizeOf(a), b);
}
GSST_INLINE float largest(Floats values) {
    const __m128 four = _mm_max_ps(_mm256_castps256_ps128(values), _mm256_extractf128_ps(values, 1));
    const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}
GSST_INLINE bool allBelowInfinity(Floats values) {
    return _mm256_movemask_ps(_mm256_cmp_ps(values, all(std::numeric_limits<float>::infinity()), _CMP_NLT_UQ)) == 0;
}

GSST_INLINE Ints plusInts(Ints a, Ints b) {
    return _mm256_add_epi32(a, b);
}
GSST_INLINE Ints multiplyEven(Ints a, Ints b) {
    return _mm256_mul_epu32(a, b);
}
GSST_INLINE Ints oddToEven(Ints values) {
    return _mm256_srli_epi64(values, 32);
}
GSST_INLINE Ints exclusiveOr(Ints a, Ints b, Ints c) {
    return _mm256_xor_si256(_mm256_xor_si256(a, b), c);
}
GSST_INLINE Ints interleave(Ints even, Ints odd) {
    return _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa);
}
GSST_INLINE Ints evenIndices() {
    return _mm256_setr_epi64x(0, 2, 4, 6);
}
GSST_INLINE Ints lowHalfOf(Ints values) {
    return _mm256_blend_epi16(values, _mm256_setzero_si256(), 0xaa);
}
GSST_INLINE Ints highHalfOf(Ints values) {
    return _mm256_srli_epi32(values, 16);
}

GSST_INLINE __m128i load128(const void* at) {
    return _mm_loadu_si128(static_cast<const __m128i*>(at));
}

/// Two vectors' worth of 16 bits, each as the upper half of 32.
GSST_INLINE void loadHighHalves(const uint16_t* at, Ints& a, Ints& b) {
    a = _mm256_slli_epi32(_mm256_cvtepu16_epi32(load128(at)), 16);
    b = _mm256_slli_epi32(_mm256_cvtepu16_epi32(load128(at + kLanes)), 16);
}
GSST_INLINE Ints loadRemainders(const uint16_t* at) {
    return _mm256_cvtepi16_epi32(load128(at));
}

/// Of two vectors, what is in the low halves; nothing is in the high ones.
GSST_INLINE void storeHalves(uint16_t* at, Ints a, Ints b) {
    // Packing works within each half of a vector.
    const Ints packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(a, b), 0b11'01'10'00);
    _mm256_store_si256(reinterpret_cast<Ints*>(at), packed);
}
GSST_INLINE void storeHighHalves(uint16_t* at, Ints a, Ints b) {
    storeHalves(at, highHalfOf(a), highHalfOf(b));
}
GSST_INLINE void storeLowHalves(uint16_t* at, Ints a, Ints b) {
    storeHalves(at, lowHalfOf(a), lowHalfOf(b));
}

/// Of four vectors, the low bytes.
GSST_INLINE void storeBytes(uint8_t* at, Ints a, Ints b, Ints c, Ints d) {
    // Packing works within each half of a vector.
    const Ints order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    const Ints packed = _mm256_packus_epi16(_mm256_packus_epi32(a, b), _mm256_packus_epi32(c, d));
    _mm256_storeu_si256(reinterpret_cast<Ints*>(at), _mm256_permutevar8x32_epi32(packed, order));
}

#pragma GCC pop_options

}  // namespace gsst::loops::avx2
