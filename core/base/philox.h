// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace gsst {

inline constexpr int kPhiloxRounds = 10;

/// One round of philox() on the words of a counter, with the round's key.
constexpr void philoxRound(uint32_t& word0, uint32_t& word1, uint32_t& word2, uint32_t& word3, const std::array<uint32_t, 2>& key) {
    const uint64_t product0 = uint64_t{0xD2511F53u} * word0;
    const uint64_t product1 = uint64_t{0xCD9E8D57u} * word2;
    word0 = static_cast<uint32_t>(product1 >> 32) ^ word1 ^ key[0];
    word1 = static_cast<uint32_t>(product1);
    word2 = static_cast<uint32_t>(product0 >> 32) ^ word3 ^ key[1];
    word3 = static_cast<uint32_t>(product0);
}

/// The key of the round after the one with `key`.
constexpr std::array<uint32_t, 2> nextPhiloxKey(const std::array<uint32_t, 2>& key) { return {key[0] + 0x9E3779B9u, key[1] + 0xBB67AE85u}; }

/// Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011): 128 random bits
/// as a pure function of a 128-bit counter and a 64-bit key. The same on every platform.
constexpr std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
    for (int round = 0; round < kPhiloxRounds; ++round, key = nextPhiloxKey(key))
        philoxRound(counter[0], counter[1], counter[2], counter[3], key);
    return counter;
}

/// Block `index` of stream `stream` of `seed`: key = seed, counter = (index, stream), low words first.
constexpr std::array<uint32_t, 4> philoxBlock(uint64_t seed, uint64_t stream, uint64_t index) {
    return philox({static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32), static_cast<uint32_t>(stream),
                   static_cast<uint32_t>(stream >> 32)},
                  {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
}

/// 64 random bits: the first two words of block `index`.
constexpr uint64_t randomBits(uint64_t seed, uint64_t stream, uint64_t index) {
    const auto words = philoxBlock(seed, stream, index);
    return uint64_t{words[1]} << 32 | words[0];
}

/// Uniform in [0, 1): the upper 53 of randomBits(). Bit-identical on every platform.
constexpr double uniformAt(uint64_t seed, uint64_t stream, uint64_t index) {
    return static_cast<double>(randomBits(seed, stream, index) >> 11) * 0x1p-53;
}

/// Standard normal by Box-Muller in double, rounded to float. Element `index` is lane index % 4 of block index / 4, so
/// never draw uniforms and normals from the same stream. At most 6.77 in size (32 bits a uniform).
/// Depends on the C library's log, sin and cos: equal on one platform, to a float's last place between platforms.
float normalAt(uint64_t seed, uint64_t stream, uint64_t index);

/// out[i] = normalAt(seed, stream, firstIndex + i), bit for bit, at a quarter of the cost.
void fillNormal(std::span<float> out, uint64_t seed, uint64_t stream, uint64_t firstIndex);

}  // namespace gsst
