// SPDX-License-Identifier: GPL-3.0-or-later
#include "data/content_sum.h"

// The state's size is known only so, and it may live on the heap without a call of the library's own allocator.
#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

namespace gsst {

struct ContentSum::State {
    XXH3_state_t xxh;
};

ContentSum::ContentSum() : m_state(std::make_unique<State>()) {
    XXH3_64bits_reset(&m_state->xxh);
}
ContentSum::ContentSum(ContentSum&&) noexcept = default;
ContentSum& ContentSum::operator=(ContentSum&&) noexcept = default;
ContentSum::~ContentSum() = default;

void ContentSum::add(std::span<const std::byte> bytes) {
    XXH3_64bits_update(&m_state->xxh, bytes.data(), bytes.size());
}

uint64_t ContentSum::value() const {
    return XXH3_64bits_digest(&m_state->xxh);
}

uint64_t contentSum64(std::span<const std::byte> bytes) {
    return XXH3_64bits(bytes.data(), bytes.size());
}

std::string sumText(uint64_t sum) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (int shift = 60; shift >= 0; shift -= 4)
        text += kDigits[(sum >> shift) & 15u];
    return text;
}

std::string contentSum(std::string_view bytes) {
    return sumText(contentSum64(std::as_bytes(std::span(bytes))));
}

}  // namespace gsst
