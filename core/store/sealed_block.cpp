// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sealed_block.h"

#include "store/little_endian.h"
#include "store/state_hash.h"

#include <algorithm>

namespace gsst {

namespace {

constexpr size_t kVersionAt = 8;
constexpr size_t kSumAt = kSealedBytes - 8;

}  // namespace

void seal(std::span<std::byte, kSealedBytes> block, std::string_view magic, uint32_t version) {
    std::ranges::copy(std::as_bytes(std::span(magic)), block.begin());
    putLittle(block, kVersionAt, version);
    putLittle(block, kSumAt, stateSum(block.first(kSumAt)));
}

Seal checkSeal(std::span<const std::byte, kSealedBytes> block, std::string_view magic) {
    if (!std::ranges::equal(block.first(magic.size()), std::as_bytes(std::span(magic))))
        return Seal::Damaged;
    if (getLittle<uint64_t>(block, kSumAt) != stateSum(block.first(kSumAt)))
        return Seal::Damaged;
    return getLittle<uint32_t>(block, kVersionAt) > kStateFormatVersion ? Seal::NewerVersion : Seal::Good;
}

}  // namespace gsst
