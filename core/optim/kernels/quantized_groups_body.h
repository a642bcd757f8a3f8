// SPDX-License-Identifier: GPL-3.0-or-later
// Body of a FullGroups (quantized_loops.h) of AdamW, for quantized_groups_*.cpp only: each includes it once, compiled
// for its instruction set, after a `using namespace` of its vectors. These are
//
//   Floats, Ints            vectors of kLanes elements of 32 bits, which follow each other in memory
//   bitsOf, floatsOf        from the one to the other
//   all(), load(), store()  a vector of the same values, from and to aligned memory; loadUnaligned()
//   plus(), minus(), times(), over(), root()      of floats, each rounded once; addSquares() however it likes
//   larger(), largerSize()  of two floats or of their absolute values (NaN may be lost); largest() of a vector
//   allBelowInfinity()      false with NaN
//   kRandomParts, plusInts(), multiplyEven(), oddToEven(), exclusiveOr(), interleave(), evenIndices()    see
//   fillRandomBlocks() lowHalfOf(), highHalfOf()                     16 bits of each 32 loadHighHalves(),
//   loadRemainders(), storeHighHalves(), storeLowHalves()                 arrays of 16 bits storeBytes()            of
//   four vectors, the low bytes valueLookup(), ratiosOfCodes1(), ratiosOfCodes2(), codeLookup(), encode1(), encode2()
//   moment_code_*.h
//
// Every operation on floats is the one of quantized_loops.h, in the same order, so that the results are the same to the
// bit.

namespace gsst::loops {
namespace {

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

inline constexpr int kRandomBlocks = 32;  ///< of a group

/// The random words of a group of elements: those of element i are in half i / 32 % 2 of word [i / 64][i % 32].
struct RandomWords {
    alignas(64) uint32_t words[4][kRandomBlocks];
};

/// Words of kRandomParts * kLanes / 2 blocks, from block `first` of the group on.
GSST_INLINE void fillRandomBlocks(uint64_t index, const RandomStream& stream, int first, RandomWords& random) {
    // Two vectors for kLanes blocks, the first of each pair (0, 2, 4 ...) and the second (1, 3, 5 ...), in the low
    // halves of 64 bits; the high halves are rubbish. Round by round for several vectors, because the operations of a
    // round wait for each other.
    Ints word0[kRandomParts], word1[kRandomParts], word2[kRandomParts], word3[kRandomParts];
#pragma GCC unroll 4
    for (int i = 0; i < kRandomParts; ++i) {
        word0[i] = plusInts(all(uint32_t(index) + uint32_t(first + i / 2 * kLanes + i % 2)), evenIndices());
        word1[i] = all(uint32_t(index >> 32));
        word2[i] = all(uint32_t(stream.stream));
        word3[i] = all(uint32_t(stream.stream >> 32));
    }
#pragma GCC unroll 7
    for (const PhiloxKey& key : stream.keys) {
        const Ints key0 = all(key.low), key1 = all(key.high);
#pragma GCC unroll 4
        for (int i = 0; i < kRandomParts; ++i) {
            const Ints product0 = multiplyEven(word0[i], all(kPhiloxFactor0));
            const Ints product1 = multiplyEven(word2[i], all(kPhiloxFactor1));
            word0[i] = exclusiveOr(oddToEven(product1), word1[i], key0);
            word1[i] = product1;
            word2[i] = exclusiveOr(oddToEven(product0), word3[i], key1);
            word3[i] = product0;
        }
    }
#pragma GCC unroll 2
    for (int pair = 0; pair < kRandomParts / 2; ++pair) {
        const int at = first + pair * kLanes;
        store(&random.words[0][at], interleave(word0[2 * pair], word0[2 * pair + 1]));
        store(&random.words[1][at], interleave(word1[2 * pair], word1[2 * pair + 1]));
        store(&random.words[2][at], interleave(word2[2 * pair], word2[2 * pair + 1]));
        store(&random.words[3][at], interleave(word3[2 * pair], word3[2 * pair + 1]));
    }
}

GSST_INLINE void fillRandomWords(const UpdateArrays& group, const RandomStream& stream, RandomWords& random) {
    const uint64_t index =
        roundingIndex(group.rounding, group.firstElement / kScaleGroup);  // a multiple of 32: no low word overflows
    for (int first = 0; first < kRandomBlocks; first += kRandomParts * kLanes / 2)
        fillRandomBlocks(index, stream, first, random);
}

/// A AdamWQuantized for kLanes elements at once.
struct QuantizedElements {
    Floats keep, keep1, keep2, rest1, rest2, stepSize, rootFactor, epsilon;

    GSST_INLINE explicit QuantizedElements(const AdamWQuantized& one)
        : keep(all(one.keep)), keep1(all(one.keep1)), keep2(all(one.keep2)), rest1(all(one.rest1)),
          rest2(all(one.rest2)), stepSize(all(one.stepSize)), rootFactor(all(one.rootFactor)),
          epsilon(all(one.epsilon)) {}

    GSST_INLINE Floats operator()(Floats weight, Floats gradient, Floats& moment1, Floats& moment2) const {
        const Floats scaled = times(gradient, rest2);
        moment1 = plus(times(moment1, keep1), times(gradient, rest1));
        moment2 = plus(times(moment2, keep2), times(scaled, scaled));
        const Floats denominator = plus(times(root(moment2), rootFactor), epsilon);
        return minus(times(weight, keep), over(times(stepSize, moment1), denominator));
    }
};

/// What a group's update has made, before it is sure that it counts and its moments are encoded.
struct NewGroup {
    alignas(64) float moment1[kScaleGroup];
    alignas(64) float moment2[kScaleGroup];
    alignas(64) uint16_t hi[kScaleGroup];
    alignas(64) uint16_t lo[kScaleGroup];
};

/// What is gathered from a group. Where a moment is NaN, the weight is NaN; where the first moment is Inf, weight or
/// second moment are not finite.
struct Gathered {
    Floats squares;  ///< sum of the squares of new weights: not finite where one is not finite, or larger than 1e20
    Floats largest1, largest2;  ///< largest absolute values of new moments
};

/// New moments and weights of kLanes elements from `i` on.
GSST_INLINE Ints updateVector(const UpdateArrays& group, int i, Ints weight, const QuantizedElements& element,
                              NewGroup& made, Gathered& gathered) {
    Floats moment1 = ratiosOfCodes1(group.quantized1.codes + i, valueLookup<7>());
    Floats moment2 = ratiosOfCodes2(group.quantized2.codes + i, valueLookup<8>());
    const Floats updated = element(floatsOf(weight), loadUnaligned(group.gradient + i), moment1, moment2);
    store(made.moment1 + i, moment1);
    store(made.moment2 + i, moment2);
    gathered.largest1 = largerSize(moment1, gathered.largest1);
    gathered.largest2 = larger(moment2, gathered.largest2);
    gathered.squares = addSquares(updated, gathered.squares);
    return bitsOf(updated);
}

/// Weights in bf16 and their remainders, of two vectors from `i` on.
GSST_INLINE void updateMixed(const UpdateArrays& group, int i, const QuantizedElements& element, NewGroup& made,
                             Gathered& gathered) {
    Ints a, b;
    loadHighHalves(group.hi + i, a, b);
    a = updateVector(group, i, plusInts(a, loadRemainders(group.lo + i)), element, made, gathered);
    b = updateVector(group, i + kLanes, plusInts(b, loadRemainders(group.lo + i + kLanes)), element, made, gathered);
    const Ints half = all(uint32_t{0x8000});
    storeHighHalves(made.hi + i, plusInts(a, half), plusInts(b, half));
    storeLowHalves(made.lo + i, a, b);
}

/// Weights in bf16, rounded by the upper or lower halves of random words, of two vectors from `i` on.
template <bool kUpper>
GSST_INLINE void updateLean(const UpdateArrays& group, int i, const uint32_t* words, const QuantizedElements& element,
                            NewGroup& made, Gathered& gathered) {
    Ints a, b;
    loadHighHalves(group.hi + i, a, b);
    a = updateVector(group, i, a, element, made, gathered);
    b = updateVector(group, i + kLanes, b, element, made, gathered);
    const auto random = [&](int at) { return kUpper ? highHalfOf(load(words + at)) : lowHalfOf(load(words + at)); };
    storeHighHalves(made.hi + i, plusInts(a, random(0)), plusInts(b, random(kLanes)));
}

/// One moment of a group on its way to codes.
template <int kBits, Ints (*kEncode)(Floats, Floats, const CodeLookup&)>
struct Encoding {
    const float* moments = nullptr;
    uint8_t* codes = nullptr;
    float inverseScale = 0;

    /// Four vectors from `i` on.
    GSST_INLINE void encode(int i) const {
        const CodeLookup lookup = codeLookup<kBits>();
        const Floats inverse = all(inverseScale);
        const auto at = [&](int from) { return kEncode(load(moments + from), inverse, lookup); };
        storeBytes(codes + i, at(i), at(i + kLanes), at(i + 2 * kLanes), at(i + 3 * kLanes));
    }
};

/// Writes the scale, for the group's largest value.
template <typename Encoding>
GSST_INLINE Encoding beginEncoding(const float* moments, float largest, const QuantizedMoment& to) {
    *to.scales = momentScale(largest);
    return {moments, to.codes, 1.0f / *to.scales};
}

/// How much of a group is worked on before something else has its turn: a line of codes in the cache, and a row of
/// random words.
constexpr int kPart = 2 * kRandomBlocks;

struct EncodingOfGroup {
    Encoding<7, encode1> moment1;
    Encoding<8, encode2> moment2;

    /// The part from `i` on.
    GSST_INLINE void encode(int i) const {
#pragma GCC unroll 2
        for (int at = i; at < i + kPart; at += 4 * kLanes) {
            moment1.encode(at);
            moment2.encode(at);
        }
    }
};

/// How many groups ahead memory is asked for. The processor does so by itself, but stops at the end of each page of
/// each array.
constexpr int kAhead = 2;

GSST_INLINE void prefetchLine(const void* at) {
    _mm_prefetch(at, _MM_HINT_T0);
}

/// The part from `i` on, which may lie behind the arrays.
template <bool kLean>
GSST_INLINE void prefetch(const UpdateArrays& group, int i) {
    for (int line = 0; line < 4; ++line)
        prefetchLine(group.gradient + i + line * 16);
    for (int line = 0; line < 2; ++line) {
        prefetchLine(group.hi + i + line * 32);
        if constexpr (!kLean)
            prefetchLine(group.lo + i + line * 32);
    }
    prefetchLine(group.quantized1.codes + i);
    prefetchLine(group.quantized2.codes + i);
}

/// The update of a group, in four parts, between which the group before is encoded: roots and divisions leave room for
/// that. Returns false, with nothing changed, for what is rare; otherwise all but the codes is done, and `encoding` is
/// for them.
template <bool kLean>
GSST_INLINE bool updateGroup(const UpdateArrays& group, float keep, const AdamWConstants& constants,
                             const RandomStream& stream, NewGroup& made, EncodingOfGroup& encoding) {
    const QuantizedElements element(
        AdamWQuantized(constants, keep, *group.quantized1.scales, *group.quantized2.scales));
    Gathered gathered{all(0.0f), all(0.0f), all(0.0f)};
    RandomWords random;
    if constexpr (kLean)
        fillRandomWords(group, stream, random);
    for (int i = 0; i < kScaleGroup; i += kPart) {
        prefetch<kLean>(group, kAhead * int(kScaleGroup) + i);
        if constexpr (kLean) {
            const uint32_t* words = random.words[i / kPart];
#pragma GCC unroll 2
            for (int at = 0; at < kRandomBlocks; at += 2 * kLanes)
                updateLean<false>(group, i + at, words + at, element, made, gathered);
#pragma GCC unroll 2
            for (int at = 0; at < kRandomBlocks; at += 2 * kLanes)
                updateLean<true>(group, i + kRandomBlocks + at, words + at, element, made, gathered);
        } else {
#pragma GCC unroll 4
            for (int at = 0; at < kPart; at += 2 * kLanes)
                updateMixed(group, i + at, element, made, gathered);
        }
        encoding.encode(i);
    }
    const float largest1 = largest(gathered.largest1), largest2 = largest(gathered.largest2);
    if (!allBelowInfinity(gathered.squares) || !std::isfinite(largest1) || !std::isfinite(largest2))
        return false;
    std::copy_n(made.hi, kScaleGroup, group.hi);
    if constexpr (!kLean)
        std::copy_n(made.lo, kScaleGroup, group.lo);
    encoding.moment1 = beginEncoding<Encoding<7, encode1>>(made.moment1, largest1, group.quantized1);
    encoding.moment2 = beginEncoding<Encoding<8, encode2>>(made.moment2, largest2, group.quantized2);
    return true;
}

template <bool kLean>
GSST_INLINE int64_t updateGroups(const UpdateArrays& arrays, float keep, const AdamWConstants& constants) {
    // Groups take turns with them. What is encoded beside the first group is thrown away.
    NewGroup made[2];
    alignas(64) uint8_t nowhere[2][kScaleGroup];
    std::fill_n(made[1].moment1, kScaleGroup, 0.0f);
    std::fill_n(made[1].moment2, kScaleGroup, 0.0f);
    EncodingOfGroup encoding{{made[1].moment1, nowhere[0], 1.0f}, {made[1].moment2, nowhere[1], 1.0f}};
    const RandomStream stream(arrays.rounding);
    int64_t done = 0;
    while ((done + 1) * kScaleGroup <= arrays.count &&
           updateGroup<kLean>(part(arrays, done * kScaleGroup, kScaleGroup), keep, constants, stream, made[done % 2],
                              encoding))
        ++done;
    for (int i = 0; i < kScaleGroup; i += kPart)
        encoding.encode(i);
    return done;
}

GSST_INLINE int64_t updateFullGroups(const UpdateArrays& arrays, float keep, const AdamWConstants& constants) {
    return arrays.lo ? updateGroups<false>(arrays, keep, constants) : updateGroups<true>(arrays, keep, constants);
}

}  // namespace
}  // namespace gsst::loops
