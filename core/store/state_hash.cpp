// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/state_hash.h"

#include <algorithm>
#include <string_view>

#include <xxhash.h>

namespace gsst {

Hash128 stateHash(std::span<const std::byte> bytes) {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.data(), bytes.size()));
    Hash128 hash;
    std::copy(std::begin(canonical.digest), std::end(canonical.digest), hash.begin());
    return hash;
}

std::string hexText(const Hash128& hash) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (const uint8_t byte : hash) {
        text += kDigits[byte >> 4];
        text += kDigits[byte & 15];
    }
    return text;
}

}  // namespace gsst
