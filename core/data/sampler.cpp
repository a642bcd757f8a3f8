// SPDX-License-Identifier: GPL-3.0-or-later
#include "data/sampler.h"

#include "base/philox.h"
#include "data/bounded_random.h"

#include <algorithm>
#include <bit>
#include <string>

namespace gsst {
namespace {

// Streams of the seed that belong to the sampler; the low bits of a stream hold the round, so they are far apart.
constexpr uint64_t kOffsetStream = 0x0D5A'0000'0000'0000u;
constexpr uint64_t kOrderStream = 0x0D5B'0000'0000'0000u;
constexpr uint64_t kReorderStream = 0x0D5C'0000'0000'0000u;
constexpr int kRounds = 6;

/// The seed itself for the first order, so that runs from before there were others go on with the same data.
uint64_t keyOf(uint64_t seed, uint64_t order) {
    return order == 0 ? seed : randomBits(seed, kReorderStream, order);
}

/// A bijection of [0, 2^(2 halfBits)): a balanced Feistel network is one for any round function (Luby, Rackoff 1988).
uint64_t shuffleBits(uint64_t value, int halfBits, uint64_t key) {
    const uint64_t mask = (uint64_t{1} << halfBits) - 1;
    uint64_t left = value >> halfBits;
    uint64_t right = value & mask;
    for (int round = 0; round < kRounds; ++round) {
        const uint64_t next = left ^ (randomBits(key, kOrderStream + static_cast<uint64_t>(round), right) & mask);
        left = right;
        right = next;
    }
    return left << halfBits | right;
}

}  // namespace

Result<Sampler> Sampler::create(uint64_t seed, int64_t trainTokens, int64_t sequenceLength, uint64_t order) {
    if (sequenceLength < 1 || sequenceLength >= trainTokens)
        return Error{ErrorCode::InvalidInput, "There is too little text for one sequence", "",
                     "there are " + std::to_string(trainTokens) + " training tokens, and a sequence of " +
                         std::to_string(sequenceLength) + " needs one more than its length",
                     "Add more text or choose shorter sequences"};
    return Sampler(keyOf(seed, order), order > 0, trainTokens, sequenceLength);
}

Sampler::Sampler(uint64_t key, bool shiftsFirstEpoch, int64_t trainTokens, int64_t sequenceLength)
    : m_key(key), m_shiftsFirstEpoch(shiftsFirstEpoch), m_sequenceLength(sequenceLength),
      // One window less than fit leaves room for every offset; with a single window the offset takes what room there
      // is.
      m_windows(std::max<int64_t>(1, trainTokens / sequenceLength - 1)),
      m_offsets(std::min(sequenceLength, trainTokens - m_windows * sequenceLength)),
      m_halfBits(std::max(1, (static_cast<int>(std::bit_width(static_cast<uint64_t>(m_windows - 1))) + 1) / 2)) {}

int64_t Sampler::offset(int64_t epoch) const {
    if (epoch == 0 && !m_shiftsFirstEpoch)
        return 0;
    const uint64_t bits = randomBits(m_key, kOffsetStream, static_cast<uint64_t>(epoch));
    return static_cast<int64_t>(boundedRandom(bits, static_cast<uint64_t>(m_offsets)));
}

int64_t Sampler::start(int64_t epoch, int64_t index) const {
    const uint64_t key = randomBits(m_key, kOrderStream - 1, static_cast<uint64_t>(epoch));
    auto window = static_cast<uint64_t>(index);
    // Walking the cycle until it is back in [0, windows) makes a bijection of that range; the network's range is less
    // than four times as large, so this takes less than four rounds on average, and it must end because `index` is on
    // the cycle.
    do
        window = shuffleBits(window, m_halfBits, key);
    while (window >= static_cast<uint64_t>(m_windows));
    return static_cast<int64_t>(window) * m_sequenceLength + offset(epoch);
}

SequenceLocation Sampler::sequence(int64_t globalIndex) const {
    const int64_t epoch = globalIndex / m_windows;
    return {epoch, start(epoch, globalIndex % m_windows)};
}

}  // namespace gsst
