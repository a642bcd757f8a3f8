// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/host_device.h"

#include <cstdint>

// The arithmetic of philox.h in plain structs: C++17, for the CUDA compiler.

namespace gsst {

inline constexpr int kPhiloxRounds = 10;
inline constexpr uint32_t kPhiloxFactor0 = 0xD2511F53u;
inline constexpr uint32_t kPhiloxFactor1 = 0xCD9E8D57u;

struct PhiloxKey {
    uint32_t low = 0, high = 0;
};

struct PhiloxWords {
    uint32_t words[4] = {};
};

/// One round of philoxRounds() on the words of a counter, with the round's key.
GSST_HD constexpr void philoxRound(uint32_t& word0, uint32_t& word1, uint32_t& word2, uint32_t& word3, PhiloxKey key) {
    const uint64_t product0 = uint64_t{kPhiloxFactor0} * word0;
    const uint64_t product1 = uint64_t{kPhiloxFactor1} * word2;
    word0 = static_cast<uint32_t>(product1 >> 32) ^ word1 ^ key.low;
    word1 = static_cast<uint32_t>(product1);
    word2 = static_cast<uint32_t>(product0 >> 32) ^ word3 ^ key.high;
    word3 = static_cast<uint32_t>(product0);
}

/// The key of the round after the one with `key`.
GSST_HD constexpr PhiloxKey nextPhiloxKey(PhiloxKey key) {
    return {key.low + 0x9E3779B9u, key.high + 0xBB67AE85u};
}

/// Philox4x32 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011): 128 random bits as
/// a pure function of a 128-bit counter and a 64-bit key. The same on every platform. With seven rounds it passes all
/// tests of the paper (BigCrush among them), ten are its authors' advice.
template <int kRounds = kPhiloxRounds>
GSST_HD constexpr PhiloxWords philoxRounds(PhiloxWords counter, PhiloxKey key) {
    uint32_t (&words)[4] = counter.words;
    for (int round = 0; round < kRounds; ++round, key = nextPhiloxKey(key))
        philoxRound(words[0], words[1], words[2], words[3], key);
    return counter;
}

/// Block `index` of stream `stream` of `seed`: key = seed, counter = (index, stream), low words first.
template <int kRounds = kPhiloxRounds>
GSST_HD constexpr PhiloxWords philoxWords(uint64_t seed, uint64_t stream, uint64_t index) {
    return philoxRounds<kRounds>(PhiloxWords{{static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32),
                                              static_cast<uint32_t>(stream), static_cast<uint32_t>(stream >> 32)}},
                                 PhiloxKey{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
}

}  // namespace gsst
