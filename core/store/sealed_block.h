// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace gsst {

/// Bytes of a sealed block: magic and version in front, a sum at the end; see FORMAT.md.
inline constexpr size_t kSealedBytes = 4096;
/// Newest format version that this program reads. A block is written as the oldest version that can say what it says.
inline constexpr uint32_t kStateFormatVersion = 5;
inline constexpr uint32_t kFirstStateFormatVersion = 1;

enum class Seal { Good, Damaged, NewerVersion };

/// Fills in magic, version and sum of a block whose fields are in place.
void seal(std::span<std::byte, kSealedBytes> block, std::string_view magic,
          uint32_t version = kFirstStateFormatVersion);
Seal checkSeal(std::span<const std::byte, kSealedBytes> block, std::string_view magic);

}  // namespace gsst
