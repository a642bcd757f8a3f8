// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "optim/kernels/moment_code_lines.h"
#include "optim/kernels/vectors_avx2.h"

#include <bit>
#include <cstdint>
#include <limits>

// moment_code.h for 8 elements at once: the straight piece is looked up in registers, instead of all being worked out.
// The results are the same to the bit. For quantized_groups_avx2.cpp only.

namespace gsst::loops::avx2 {

/// The straight pieces of a code.
struct CodeTables {
    /// Of the pieces' lines from code to value, by the low three bits of the exponent of the code as a float.
    alignas(32) float step[8] = {};
    alignas(32) float start[8] = {};
    /// From value to code: by the index of the value the number of a piece, in bytes, for each half of a vector. From
    /// the power of ten on it is the next one.
    alignas(32) uint8_t piece[32] = {};
    /// By number.
    alignas(32) float end[8] = {};
    alignas(32) float slope[8] = {};
    alignas(32) float bias[8] = {};
};

template <int kBits, int s = kBits - 1>
constexpr void fillPiece(CodeTables& tables) {
    using Piece = CodePiece<kBits, s>;
    tables.step[(127 + s) % 8] = Piece::kStep;
    tables.start[(127 + s) % 8] = Piece::kStart;
    for (uint32_t index = kLowestIndex; index <= kHighestIndex; ++index)
        if (index << kIndexBits <= std::bit_cast<uint32_t>(Piece::kEnd))
            tables.piece[index % 16] = tables.piece[16 + index % 16] = s;
    // Beside the scale itself a ratio can be rounded up beyond it.
    tables.end[s] = s + 1 < kBits ? Piece::kEnd : std::numeric_limits<float>::infinity();
    tables.slope[s] = EncodingLine<kBits, s>::kSlope;
    tables.bias[s] = EncodingLine<kBits, s>::kBias;
    if constexpr (s > 0)
        fillPiece<kBits, s - 1>(tables);  // later, so that the lowest piece that fits stays
}

template <int kBits>
constexpr CodeTables kTables = [] {
    CodeTables tables;
    fillPiece<kBits>(tables);
    return tables;
}();

/// Whether the looked-up line gives what the largest of all lines gives, for every code.
template <int kBits>
constexpr bool sameValues() {
    for (int code = 0; code < 1 << kBits; ++code) {
        const uint32_t index = (std::bit_cast<uint32_t>(float(code)) >> 23) % 8;
        const float value = float(code) * kTables<kBits>.step[index] + kTables<kBits>.start[index];
        if ((value > 0 ? value : 0) != valueOfCode<kBits>(float(code)))
            return false;
    }
    return true;
}
static_assert(sameValues<7>() && sameValues<8>());

#pragma GCC push_options
#pragma GCC target("avx2")

/// Of one code.
struct ValueLookup {
    Floats step, start;
};
struct CodeLookup {
    Ints piece;
    Floats end, slope, bias;
};

template <int kBits>
GSST_INLINE ValueLookup valueLookup() {
    return {load(kTables<kBits>.step), load(kTables<kBits>.start)};
}

template <int kBits>
GSST_INLINE CodeLookup codeLookup() {
    const CodeTables& tables = kTables<kBits>;
    return {_mm256_load_si256(reinterpret_cast<const Ints*>(tables.piece)), load(tables.end), load(tables.slope),
            load(tables.bias)};
}

/// valueOfCode()
GSST_INLINE Floats valuesOfCodes(Ints codes, const ValueLookup& lookup) {
    const Floats numbers = _mm256_cvtepi32_ps(codes);
    const Ints piece = _mm256_srli_epi32(bitsOf(numbers), 23);
    const Floats along = times(numbers, _mm256_permutevar8x32_ps(lookup.step, piece));
    // The exponent of zero is another's, whose line is below zero there.
    return larger(plus(along, _mm256_permutevar8x32_ps(lookup.start, piece)), _mm256_setzero_ps());
}

GSST_INLINE __m128i load64(const uint8_t* bytes) {
    return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(bytes));
}

/// ratioOfCode1()
GSST_INLINE Floats ratiosOfCodes1(const uint8_t* codes, const ValueLookup& lookup) {
    const Ints signedCodes = _mm256_cvtepi8_epi32(load64(codes));
    const Floats size = valuesOfCodes(_mm256_and_si256(signedCodes, _mm256_set1_epi32(0x7f)), lookup);
    return _mm256_or_ps(size, _mm256_and_ps(floatsOf(signedCodes), _mm256_set1_ps(-0.0f)));
}

/// ratioOfCode2()
GSST_INLINE Floats ratiosOfCodes2(const uint8_t* codes, const ValueLookup& lookup) {
    return valuesOfCodes(_mm256_cvtepu8_epi32(load64(codes)), lookup);
}

/// Smaller ratios of a value to its scale have the code of this one, which is 0. It is the smallest that can be looked
/// up.
GSST_INLINE Floats smallestRatio() {
    return floatsOf(all(kLowestIndex << kIndexBits));
}

/// nearestCode(), its rounding cut off, of ratios from smallestRatio() to 1.
GSST_INLINE Ints nearestCodes(Floats ratios, const CodeLookup& lookup) {
    const Ints lower = _mm256_shuffle_epi8(lookup.piece, _mm256_srli_epi32(bitsOf(ratios), kIndexBits));
    const Floats isNext = _mm256_cmp_ps(ratios, _mm256_permutevar8x32_ps(lookup.end, lower), _CMP_GE_OQ);
    const Ints piece = _mm256_sub_epi32(lower, bitsOf(isNext));
    const Floats along = times(ratios, _mm256_permutevar8x32_ps(lookup.slope, piece));
    return _mm256_cvttps_epi32(plus(along, _mm256_permutevar8x32_ps(lookup.bias, piece)));
}

/// encodeMoment1()
GSST_INLINE Ints encode1(Floats moments, Floats inverseScale, const CodeLookup& lookup) {
    const Ints codes = nearestCodes(largerSize(times(moments, inverseScale), smallestRatio()), lookup);
    return _mm256_or_si256(codes, _mm256_and_si256(_mm256_srli_epi32(bitsOf(moments), 24), _mm256_set1_epi32(0x80)));
}

/// encodeMoment2() of what is not negative.
GSST_INLINE Ints encode2(Floats moments, Floats inverseScale, const CodeLookup& lookup) {
    const Ints isZero = _mm256_cmpeq_epi32(bitsOf(moments), _mm256_setzero_si256());
    return _mm256_andnot_si256(isZero, nearestCodes(larger(times(moments, inverseScale), smallestRatio()), lookup));
}

#pragma GCC pop_options

}  // namespace gsst::loops::avx2
