// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "optim/kernels/moment_code_lines.h"
#include "optim/kernels/vectors_avx512.h"

#include <bit>
#include <cstdint>

// moment_code.h for 16 elements at once: the straight piece is looked up in a register, instead of all being worked
// out. The results are the same to the bit. For quantized_groups_avx512.cpp only.

namespace gsst::loops::avx512 {

/// The straight pieces of a code, to be looked up by the low four bits of an index.
struct CodeTables {
    /// Of the pieces' lines from code to value, by the number of zeros before the code's highest bit (of 32). Entry 0
    /// is for code 0.
    alignas(64) float step[kLanes] = {};
    alignas(64) float start[kLanes] = {};
    /// From value to code, by the index of the value. Values from the power of ten on have the next index when `carry`
    /// is added.
    alignas(64) float slope[kLanes] = {};
    alignas(64) float bias[kLanes] = {};
    alignas(64) uint32_t carry[kLanes] = {};
};

template <int kBits, int s = kBits - 1>
constexpr void fillPiece(CodeTables& tables) {
    using Piece = CodePiece<kBits, s>;
    const int zeros = 31 - s;
    tables.step[zeros % kLanes] = Piece::kStep;
    tables.start[zeros % kLanes] = Piece::kStart;
    const uint32_t end = std::bit_cast<uint32_t>(Piece::kEnd);
    for (uint32_t index = kLowestIndex; index <= kHighestIndex; ++index)
        if (index << kIndexBits <= end) {
            tables.slope[index % kLanes] = EncodingLine<kBits, s>::kSlope;
            tables.bias[index % kLanes] = EncodingLine<kBits, s>::kBias;
        }
    if (s + 1 < kBits)
        tables.carry[(end >> kIndexBits) % kLanes] = (1u << kIndexBits) - (end & ((1u << kIndexBits) - 1));
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
        const int index = std::countl_zero(uint32_t(code)) % kLanes;
        if (float(code) * kTables<kBits>.step[index] + kTables<kBits>.start[index] != valueOfCode<kBits>(float(code)))
            return false;
    }
    return true;
}
static_assert(sameValues<7>() && sameValues<8>());

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512cd,avx512dq,avx512vl,prefer-vector-width=512")

/// Of one code, in registers.
struct ValueLookup {
    Floats step, start;
};
struct CodeLookup {
    Floats slope, bias;
    Ints carry;
};

template <int kBits>
GSST_INLINE ValueLookup valueLookup() {
    return {_mm512_load_ps(kTables<kBits>.step), _mm512_load_ps(kTables<kBits>.start)};
}

template <int kBits>
GSST_INLINE CodeLookup codeLookup() {
    return {_mm512_load_ps(kTables<kBits>.slope), _mm512_load_ps(kTables<kBits>.bias),
            _mm512_load_si512(kTables<kBits>.carry)};
}

GSST_INLINE __m128i load16(const uint8_t* bytes) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
}

/// valueOfCode()
GSST_INLINE Floats valuesOfCodes(Ints codes, const ValueLookup& lookup) {
    const Ints piece = _mm512_lzcnt_epi32(codes);
    const Floats along = _mm512_mul_ps(_mm512_cvtepi32_ps(codes), _mm512_permutexvar_ps(piece, lookup.step));
    return _mm512_add_ps(along, _mm512_permutexvar_ps(piece, lookup.start));
}

/// ratioOfCode1()
GSST_INLINE Floats ratiosOfCodes1(const uint8_t* codes, const ValueLookup& lookup) {
    const Ints signedCodes = _mm512_cvtepi8_epi32(load16(codes));
    const Floats size = valuesOfCodes(_mm512_and_si512(signedCodes, _mm512_set1_epi32(0x7f)), lookup);
    // size | (code & sign bit)
    return floatsOf(_mm512_ternarylogic_epi32(bitsOf(size), signedCodes, _mm512_set1_epi32(INT32_MIN), 0xf8));
}

/// ratioOfCode2()
GSST_INLINE Floats ratiosOfCodes2(const uint8_t* codes, const ValueLookup& lookup) {
    return valuesOfCodes(_mm512_cvtepu8_epi32(load16(codes)), lookup);
}

/// Smaller ratios of a value to its scale have the code of this one, which is 0. It is the smallest that can be looked
/// up.
GSST_INLINE Floats smallestRatio() {
    return floatsOf(all(kLowestIndex << kIndexBits));
}

/// nearestCode(), its rounding cut off, of ratios from smallestRatio() to 1; zero without `notZero`.
GSST_INLINE Ints nearestCodes(__mmask16 notZero, Floats ratios, const CodeLookup& lookup) {
    const Ints carry = _mm512_permutexvar_epi32(_mm512_srli_epi32(bitsOf(ratios), kIndexBits), lookup.carry);
    const Ints piece = _mm512_srli_epi32(_mm512_add_epi32(bitsOf(ratios), carry), kIndexBits);
    const Floats along = _mm512_mul_ps(ratios, _mm512_permutexvar_ps(piece, lookup.slope));
    return _mm512_maskz_cvttps_epi32(notZero, _mm512_add_ps(along, _mm512_permutexvar_ps(piece, lookup.bias)));
}

/// encodeMoment1()
GSST_INLINE Ints encode1(Floats moments, Floats inverseScale, const CodeLookup& lookup) {
    const Floats ratios = largerSize(_mm512_mul_ps(moments, inverseScale), smallestRatio());
    // code | (sign bits & 0x80)
    const Ints signBits = _mm512_srli_epi32(bitsOf(moments), 24);
    return _mm512_ternarylogic_epi32(nearestCodes(0xffff, ratios, lookup), signBits, _mm512_set1_epi32(0x80), 0xf8);
}

/// encodeMoment2() of what is not negative.
GSST_INLINE Ints encode2(Floats moments, Floats inverseScale, const CodeLookup& lookup) {
    const __mmask16 notZero = _mm512_test_epi32_mask(bitsOf(moments), bitsOf(moments));
    return nearestCodes(notZero, _mm512_max_ps(_mm512_mul_ps(moments, inverseScale), smallestRatio()), lookup);
}

#pragma GCC pop_options

}  // namespace gsst::loops::avx512
