// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/philox_rounds.h"

#include <array>
#include <cstdint>
#include <span>

namespace gsst {

/// philoxRounds() on arrays.
constexpr std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
    const PhiloxWords block =
        philoxRounds(PhiloxWords{{counter[0], counter[1], counter[2], counter[3]}}, PhiloxKey{key[0], key[1]});
    return {block.words[0], block.words[1], block.words[2], block.words[3]};
}

/// Block `index` of stream `stream` of `seed`: key = seed, counter = (index, stream), low words first.
constexpr std::array<uint32_t, 4> philoxBlock(uint64_t seed, uint64_t stream, uint64_t index) {
    const PhiloxWords block = philoxWords(seed, stream, index);
    return {block.words[0], block.words[1], block.words[2], block.words[3]};
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
