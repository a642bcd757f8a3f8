// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/coded_groups_avx512.h"

#include "base/philox_rounds.h"
#include "optim/coded_loops.h"
#include "optim/moment_code_avx512.h"
#include "spec/state_format.h"

#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

// Every operation on floats is the one of coded_loops.h, in the same order, so that the results are the same to the bit. Vectors have
// kLanes elements, which follow each other in memory.

namespace gsst::loops {
namespace {

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512cd,avx512dq,avx512vl,prefer-vector-width=512")

/// Every 16-bit half of two vectors that is at an odd (`kOdd` 1) or even (0) place.
template <int kOdd>
GSST_INLINE __m512i halvesOf(__m512i a, __m512i b) {
    const __m512i pairs = _mm512_setr_epi32(0x00020000, 0x00060004, 0x000a0008, 0x000e000c, 0x00120010, 0x00160014, 0x001a0018, 0x001e001c,
                                            0x00220020, 0x00260024, 0x002a0028, 0x002e002c, 0x00320030, 0x00360034, 0x003a0038, 0x003e003c);
    return _mm512_permutex2var_epi16(a, _mm512_add_epi16(pairs, _mm512_set1_epi16(kOdd)), b);
}

/// 16 of 32 halves, from 16 * `kPart` on, each as the upper half of 32 bits.
template <int kPart>
GSST_INLINE __m512i asHighHalves(__m512i halves) {
    const __m512i pairs = _mm512_setr_epi32(0x00000000, 0x00010001, 0x00020002, 0x00030003, 0x00040004, 0x00050005, 0x00060006, 0x00070007,
                                            0x00080008, 0x00090009, 0x000a000a, 0x000b000b, 0x000c000c, 0x000d000d, 0x000e000e, 0x000f000f);
    return _mm512_maskz_permutexvar_epi16(0xaaaaaaaa, _mm512_add_epi16(pairs, _mm512_set1_epi16(16 * kPart)), halves);
}

/// What the random bits of all groups of an update share.
struct RandomStream {
    PhiloxKey keys[kRoundingRounds];
    uint64_t stream;

    explicit RandomStream(const RoundingKey& key) : stream(roundingStream(key)) {
        PhiloxKey next{uint32_t(key.seed), uint32_t(key.seed >> 32)};
        for (PhiloxKey& round : keys) {
            round = next;
            next = nextPhiloxKey(next);
        }
    }
};

/// Words of blocks 0, 2 ... 14 and 1, 3 ... 15, in order.
GSST_INLINE __m512i interleave(__m512i even, __m512i odd) { return _mm512_mask_shuffle_epi32(even, 0xaaaa, odd, _MM_PERM_CCAA); }

/// The random words of a group of elements: those of element i are in half i / 32 % 2 of word [i / 64][i % 32].
struct RandomWords {
    alignas(64) uint32_t words[4][32];
};

GSST_INLINE void fillRandomWords(const AdamWArrays& group, const RandomStream& stream, RandomWords& random) {
    const uint64_t index = roundingIndex(group.rounding, group.firstElement / kScaleGroup);  // a multiple of 32: no low word overflows
    // Of eight blocks each (0, 2 ... 14; 1, 3 ... 15; 16, 18 ... 30; 17, 19 ... 31), in the low halves of 64 bits; the high halves are
    // rubbish. Round by round for all of them, because the operations of a round wait for each other.
    constexpr int kParts = 4;
    __m512i word0[kParts], word1[kParts], word2[kParts], word3[kParts];
#pragma GCC unroll 4
    for (int i = 0; i < kParts; ++i) {
        word0[i] = _mm512_add_epi32(_mm512_set1_epi32(int(index) + i / 2 * kLanes + i % 2), _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14));
        word1[i] = _mm512_set1_epi32(int(index >> 32));
        word2[i] = _mm512_set1_epi32(int(stream.stream));
        word3[i] = _mm512_set1_epi32(int(stream.stream >> 32));
    }
#pragma GCC unroll 7
    for (const PhiloxKey& key : stream.keys) {
        const __m512i key0 = _mm512_set1_epi32(int(key.low)), key1 = _mm512_set1_epi32(int(key.high));
#pragma GCC unroll 4
        for (int i = 0; i < kParts; ++i) {
            const __m512i product0 = _mm512_mul_epu32(word0[i], _mm512_set1_epi64(kPhiloxFactor0));
            const __m512i product1 = _mm512_mul_epu32(word2[i], _mm512_set1_epi64(kPhiloxFactor1));
            word0[i] = _mm512_ternarylogic_epi32(_mm512_shuffle_epi32(product1, _MM_PERM_DDBB), word1[i], key0, 0x96);
            word1[i] = product1;
            word2[i] = _mm512_ternarylogic_epi32(_mm512_shuffle_epi32(product0, _MM_PERM_DDBB), word3[i], key1, 0x96);
            word3[i] = product0;
        }
    }
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
        _mm512_store_si512(&random.words[0][half * kLanes], interleave(word0[2 * half], word0[2 * half + 1]));
        _mm512_store_si512(&random.words[1][half * kLanes], interleave(word1[2 * half], word1[2 * half + 1]));
        _mm512_store_si512(&random.words[2][half * kLanes], interleave(word2[2 * half], word2[2 * half + 1]));
        _mm512_store_si512(&random.words[3][half * kLanes], interleave(word3[2 * half], word3[2 * half + 1]));
    }
}

/// A CodedElement for 16 elements at once.
struct CodedElements {
    __m512 keep, keep1, keep2, rest1, rest2, stepSize, rootFactor, epsilon;

    GSST_INLINE explicit CodedElements(const CodedElement& one)
        : keep(_mm512_set1_ps(one.keep)), keep1(_mm512_set1_ps(one.keep1)), keep2(_mm512_set1_ps(one.keep2)),
          rest1(_mm512_set1_ps(one.rest1)), rest2(_mm512_set1_ps(one.rest2)), stepSize(_mm512_set1_ps(one.stepSize)),
          rootFactor(_mm512_set1_ps(one.rootFactor)), epsilon(_mm512_set1_ps(one.epsilon)) {}

    GSST_INLINE __m512 operator()(__m512 weight, __m512 gradient, __m512& moment1, __m512& moment2) const {
        const __m512 root = _mm512_mul_ps(gradient, rest2);
        moment1 = _mm512_add_ps(_mm512_mul_ps(moment1, keep1), _mm512_mul_ps(gradient, rest1));
        moment2 = _mm512_add_ps(_mm512_mul_ps(moment2, keep2), _mm512_mul_ps(root, root));
        const __m512 denominator = _mm512_add_ps(_mm512_mul_ps(_mm512_sqrt_ps(moment2), rootFactor), epsilon);
        return _mm512_sub_ps(_mm512_mul_ps(weight, keep), _mm512_div_ps(_mm512_mul_ps(stepSize, moment1), denominator));
    }
};

/// What a group's update has made, before it is sure that it counts and its moments are encoded.
struct NewGroup {
    alignas(64) float moment1[kScaleGroup];
    alignas(64) float moment2[kScaleGroup];
    alignas(64) uint16_t hi[kScaleGroup];
    alignas(64) uint16_t lo[kScaleGroup];
};

/// What is gathered from a group. Where a moment is NaN, the weight is NaN; where the first moment is Inf, weight or second moment are not
/// finite.
struct Gathered {
    __m512 squares;  ///< sum of the squares of new weights: not finite where one is not finite, or larger than 1e20
    __m512 largest1, largest2;  ///< largest absolute values of new moments
};

/// New moments and weights of 16 elements from `i` on.
GSST_INLINE __m512 updateVector(const AdamWArrays& group, int i, __m512 weight, const CodedElements& element, NewGroup& made,
                                Gathered& gathered) {
    __m512 moment1 = ratiosOfCodes1(group.coded1.codes + i, valueLookup<7>());
    __m512 moment2 = ratiosOfCodes2(group.coded2.codes + i, valueLookup<8>());
    const __m512 updated = element(weight, _mm512_loadu_ps(group.gradient + i), moment1, moment2);
    _mm512_store_ps(made.moment1 + i, moment1);
    _mm512_store_ps(made.moment2 + i, moment2);
    gathered.largest1 = largerSize(moment1, gathered.largest1);
    gathered.largest2 = _mm512_max_ps(moment2, gathered.largest2);
    gathered.squares = _mm512_fmadd_ps(updated, updated, gathered.squares);
    return updated;
}

/// Weights in bf16 and their remainders, 32 from `i` on.
GSST_INLINE void updateMixed32(const AdamWArrays& group, int i, const CodedElements& element, NewGroup& made, Gathered& gathered) {
    const __m512i hi = _mm512_loadu_si512(group.hi + i);
    const auto remainder = [&](int at) {
        return _mm512_cvtepi16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(group.lo + at)));
    };
    const __m512 weightA = floatsOf(_mm512_add_epi32(asHighHalves<0>(hi), remainder(i)));
    const __m512 weightB = floatsOf(_mm512_add_epi32(asHighHalves<1>(hi), remainder(i + kLanes)));
    const __m512i a = bitsOf(updateVector(group, i, weightA, element, made, gathered));
    const __m512i b = bitsOf(updateVector(group, i + kLanes, weightB, element, made, gathered));
    const __m512i half = _mm512_set1_epi32(0x8000);
    _mm512_store_si512(made.hi + i, halvesOf<1>(_mm512_add_epi32(a, half), _mm512_add_epi32(b, half)));
    _mm512_store_si512(made.lo + i, halvesOf<0>(a, b));
}

/// Weights in bf16, rounded by the upper or lower halves of random words, 32 from `i` on.
template <bool kUpper>
GSST_INLINE void updateLean32(const AdamWArrays& group, int i, const uint32_t* words, const CodedElements& element, NewGroup& made,
                              Gathered& gathered) {
    const __m512i hi = _mm512_loadu_si512(group.hi + i);
    const __m512i a = bitsOf(updateVector(group, i, floatsOf(asHighHalves<0>(hi)), element, made, gathered));
    const __m512i b = bitsOf(updateVector(group, i + kLanes, floatsOf(asHighHalves<1>(hi)), element, made, gathered));
    const auto random = [&](int at) {
        const __m512i word = _mm512_load_si512(words + at);
        return kUpper ? _mm512_srli_epi32(word, 16) : _mm512_and_si512(word, _mm512_set1_epi32(0xffff));
    };
    _mm512_store_si512(made.hi + i, halvesOf<1>(_mm512_add_epi32(a, random(0)), _mm512_add_epi32(b, random(kLanes))));
}

/// One moment of a group on its way to codes.
template <int kBits, __m512i (*kEncode)(__m512, __m512, const CodeLookup&)>
struct Encoding {
    const float* moments = nullptr;
    uint8_t* codes = nullptr;
    float inverseScale = 0;

    /// 64 elements from `i` on.
    GSST_INLINE void encode(int i) const {
        const CodeLookup lookup = codeLookup<kBits>();
        const __m512 inverse = _mm512_set1_ps(inverseScale);
        const auto at = [&](int from) { return kEncode(_mm512_load_ps(moments + from), inverse, lookup); };
        _mm512_storeu_si512(codes + i, packBytes(at(i), at(i + kLanes), at(i + 2 * kLanes), at(i + 3 * kLanes)));
    }
};

/// Writes the scale, for the group's largest value.
template <typename Encoding>
GSST_INLINE Encoding beginEncoding(const float* moments, float largest, const CodedMoment& to) {
    *to.scales = momentScale(largest);
    return {moments, to.codes, 1.0f / *to.scales};
}

struct EncodingOfGroup {
    Encoding<7, encode1> moment1;
    Encoding<8, encode2> moment2;

    GSST_INLINE void encode(int i) const {
        moment1.encode(i);
        moment2.encode(i);
    }
};

/// How many groups ahead memory is asked for. The processor does so by itself, but stops at the end of each page of each array.
constexpr int kAhead = 2;

GSST_INLINE void prefetchLine(const void* at) { _mm_prefetch(at, _MM_HINT_T0); }

/// 64 elements from `i` on, which may lie behind the arrays.
template <bool kLean>
GSST_INLINE void prefetch(const AdamWArrays& group, int i) {
    for (int line = 0; line < 4; ++line)
        prefetchLine(group.gradient + i + line * kLanes);
    for (int line = 0; line < 2; ++line) {
        prefetchLine(group.hi + i + 2 * line * kLanes);
        if constexpr (!kLean)
            prefetchLine(group.lo + i + 2 * line * kLanes);
    }
    prefetchLine(group.coded1.codes + i);
    prefetchLine(group.coded2.codes + i);
}

/// The update of a group, in four parts, between which the group before is encoded: roots and divisions leave room for that. Returns
/// false, with nothing changed, for what is rare; otherwise all but the codes is done, and `encoding` is for them.
template <bool kLean>
GSST_INLINE bool updateGroup(const AdamWArrays& group, float keep, const AdamWConstants& constants, const RandomStream& stream,
                             NewGroup& made, EncodingOfGroup& encoding) {
    const CodedElements element(CodedElement(constants, keep, *group.coded1.scales, *group.coded2.scales));
    Gathered gathered{_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps()};
    RandomWords random;
    if constexpr (kLean)
        fillRandomWords(group, stream, random);
    for (int part = 0; part < 4; ++part) {
        const int i = part * 4 * kLanes;
        prefetch<kLean>(group, kAhead * int(kScaleGroup) + i);
        if constexpr (kLean) {
            updateLean32<false>(group, i, random.words[part], element, made, gathered);
            updateLean32<true>(group, i + 2 * kLanes, random.words[part], element, made, gathered);
        } else {
            updateMixed32(group, i, element, made, gathered);
            updateMixed32(group, i + 2 * kLanes, element, made, gathered);
        }
        encoding.encode(i);
    }
    const __m512 infinite = _mm512_set1_ps(std::numeric_limits<float>::infinity());
    const float largest1 = _mm512_reduce_max_ps(gathered.largest1), largest2 = _mm512_reduce_max_ps(gathered.largest2);
    if (_mm512_cmp_ps_mask(gathered.squares, infinite, _CMP_NLT_UQ) != 0 || !std::isfinite(largest1) || !std::isfinite(largest2))
        return false;
    std::copy_n(made.hi, kScaleGroup, group.hi);
    if constexpr (!kLean)
        std::copy_n(made.lo, kScaleGroup, group.lo);
    encoding.moment1 = beginEncoding<Encoding<7, encode1>>(made.moment1, largest1, group.coded1);
    encoding.moment2 = beginEncoding<Encoding<8, encode2>>(made.moment2, largest2, group.coded2);
    return true;
}

template <bool kLean>
GSST_INLINE int64_t updateGroups(const AdamWArrays& arrays, float keep, const AdamWConstants& constants) {
    // Groups take turns with them. What is encoded beside the first group is thrown away.
    NewGroup made[2];
    alignas(64) uint8_t nowhere[2][kScaleGroup];
    std::fill_n(made[1].moment1, kScaleGroup, 0.0f);
    std::fill_n(made[1].moment2, kScaleGroup, 0.0f);
    EncodingOfGroup encoding{{made[1].moment1, nowhere[0], 1.0f}, {made[1].moment2, nowhere[1], 1.0f}};
    const RandomStream stream(arrays.rounding);
    int64_t done = 0;
    while ((done + 1) * kScaleGroup <= arrays.count &&
           updateGroup<kLean>(part(arrays, done * kScaleGroup, kScaleGroup), keep, constants, stream, made[done % 2], encoding))
        ++done;
    for (int i = 0; i < kScaleGroup; i += 4 * kLanes)
        encoding.encode(i);
    return done;
}

}  // namespace

int64_t updateFullGroupsAvx512(const AdamWArrays& arrays, float keep, const AdamWConstants& constants) {
    return arrays.lo ? updateGroups<false>(arrays, keep, constants) : updateGroups<true>(arrays, keep, constants);
}

#pragma GCC pop_options

}  // namespace gsst::loops
