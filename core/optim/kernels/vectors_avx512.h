// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <limits>

// The vectors of quantized_groups_body.h with AVX-512 F, BW, CD, DQ and VL.

namespace gsst::loops::avx512 {

inline constexpr int kLanes = 16;
inline constexpr int kRandomParts = 4;  ///< vectors whose rounds take turns

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512cd,avx512dq,avx512vl,prefer-vector-width=512")
#define GSST_INLINE [[gnu::always_inline]] inline

using Floats = __m512;
using Ints = __m512i;

GSST_INLINE Ints bitsOf(Floats values) {
    return _mm512_castps_si512(values);
}
GSST_INLINE Floats floatsOf(Ints bits) {
    return _mm512_castsi512_ps(bits);
}

GSST_INLINE Floats all(float value) {
    return _mm512_set1_ps(value);
}
GSST_INLINE Ints all(uint32_t value) {
    return _mm512_set1_epi32(int(value));
}

GSST_INLINE Floats load(const float* at) {
    return _mm512_load_ps(at);
}
GSST_INLINE Ints load(const uint32_t* at) {
    return _mm512_load_si512(at);
}
GSST_INLINE Floats loadUnaligned(const float* at) {
    return _mm512_loadu_ps(at);
}
GSST_INLINE void store(float* at, Floats values) {
    _mm512_store_ps(at, values);
}
GSST_INLINE void store(uint32_t* at, Ints values) {
    _mm512_store_si512(at, values);
}

GSST_INLINE Floats plus(Floats a, Floats b) {
    return _mm512_add_ps(a, b);
}
GSST_INLINE Floats minus(Floats a, Floats b) {
    return _mm512_sub_ps(a, b);
}
GSST_INLINE Floats times(Floats a, Floats b) {
    return _mm512_mul_ps(a, b);
}
GSST_INLINE Floats over(Floats a, Floats b) {
    return _mm512_div_ps(a, b);
}
GSST_INLINE Floats root(Floats values) {
    return _mm512_sqrt_ps(values);
}
GSST_INLINE Floats addSquares(Floats values, Floats sum) {
    return _mm512_fmadd_ps(values, values, sum);
}
GSST_INLINE Floats larger(Floats a, Floats b) {
    return _mm512_max_ps(a, b);
}
GSST_INLINE Floats largerSize(Floats a, Floats b) {
    constexpr int kLargerSize = 0b11, kWithoutSign = 0b10 << 2;
    return _mm512_range_ps(a, b, kWithoutSign | kLargerSize);
}
GSST_INLINE float largest(Floats values) {
    return _mm512_reduce_max_ps(values);
}
GSST_INLINE bool allBelowInfinity(Floats values) {
    return _mm512_cmp_ps_mask(values, all(std::numeric_limits<float>::infinity()), _CMP_NLT_UQ) == 0;
}

GSST_INLINE Ints plusInts(Ints a, Ints b) {
    return _mm512_add_epi32(a, b);
}
GSST_INLINE Ints multiplyEven(Ints a, Ints b) {
    return _mm512_mul_epu32(a, b);
}
GSST_INLINE Ints oddToEven(Ints values) {
    return _mm512_shuffle_epi32(values, _MM_PERM_DDBB);
}
GSST_INLINE Ints exclusiveOr(Ints a, Ints b, Ints c) {
    return _mm512_ternarylogic_epi32(a, b, c, 0x96);
}
GSST_INLINE Ints interleave(Ints even, Ints odd) {
    return _mm512_mask_shuffle_epi32(even, 0xaaaa, odd, _MM_PERM_CCAA);
}
GSST_INLINE Ints evenIndices() {
    return _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14);
}
GSST_INLINE Ints lowHalfOf(Ints values) {
    return _mm512_and_si512(values, _mm512_set1_epi32(0xffff));
}
GSST_INLINE Ints highHalfOf(Ints values) {
    return _mm512_srli_epi32(values, 16);
}

/// Every 16-bit half of two vectors that is at an odd (`kOdd` 1) or even (0) place.
template <int kOdd>
GSST_INLINE Ints halvesOf(Ints a, Ints b) {
    const Ints pairs = _mm512_setr_epi32(0x00020000, 0x00060004, 0x000a0008, 0x000e000c, 0x00120010, 0x00160014,
                                         0x001a0018, 0x001e001c, 0x00220020, 0x00260024, 0x002a0028, 0x002e002c,
                                         0x00320030, 0x00360034, 0x003a0038, 0x003e003c);
    return _mm512_permutex2var_epi16(a, _mm512_add_epi16(pairs, _mm512_set1_epi16(kOdd)), b);
}

/// 16 of 32 halves, from 16 * `kPart` on, each as the upper half of 32 bits.
template <int kPart>
GSST_INLINE Ints asHighHalves(Ints halves) {
    const Ints pairs = _mm512_setr_epi32(0x00000000, 0x00010001, 0x00020002, 0x00030003, 0x00040004, 0x00050005,
                                         0x00060006, 0x00070007, 0x00080008, 0x00090009, 0x000a000a, 0x000b000b,
                                         0x000c000c, 0x000d000d, 0x000e000e, 0x000f000f);
    return _mm512_maskz_permutexvar_epi16(0xaaaaaaaa, _mm512_add_epi16(pairs, _mm512_set1_epi16(16 * kPart)), halves);
}

/// Two vectors' worth of 16 bits, each as the upper half of 32.
GSST_INLINE void loadHighHalves(const uint16_t* at, Ints& a, Ints& b) {
    const Ints halves = _mm512_loadu_si512(at);
    a = asHighHalves<0>(halves);
    b = asHighHalves<1>(halves);
}
GSST_INLINE Ints loadRemainders(const uint16_t* at) {
    return _mm512_cvtepi16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)));
}
GSST_INLINE void storeHighHalves(uint16_t* at, Ints a, Ints b) {
    _mm512_store_si512(at, halvesOf<1>(a, b));
}
GSST_INLINE void storeLowHalves(uint16_t* at, Ints a, Ints b) {
    _mm512_store_si512(at, halvesOf<0>(a, b));
}

/// Of four vectors, the low bytes.
GSST_INLINE void storeBytes(uint8_t* at, Ints a, Ints b, Ints c, Ints d) {
    // Packing works within each fourth of a vector.
    const Ints order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    _mm512_storeu_si512(
        at, _mm512_permutexvar_epi32(order, _mm512_packus_epi16(_mm512_packus_epi32(a, b), _mm512_packus_epi32(c, d))));
}

#pragma GCC pop_options

}  // namespace gsst::loops::avx512
