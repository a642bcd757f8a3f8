// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace gsst {

/// 128 bits in xxHash's canonical form, most significant byte first.
using Hash128 = std::array<uint8_t, 16>;

/// XXH3-64, seed 0: the sum of a block.
uint64_t stateSum(std::span<const std::byte> bytes);
/// XXH3-128, seed 0, as `xxh128sum` prints it.
Hash128 stateHash(std::span<const std::byte> bytes);
/// 32 lower-case hexadecimal digits.
std::string hexText(const Hash128& hash);

}  // namespace gsst
