// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace gsst {

/// Stores `value` in little-endian order at `offset`, which must leave room for it.
template <std::unsigned_integral T>
void putLittle(std::span<std::byte> bytes, size_t offset, T value) {
    for (size_t i = 0; i < sizeof(T); ++i)
        bytes[offset + i] = static_cast<std::byte>(value >> (8 * i));
}

template <std::unsigned_integral T>
T getLittle(std::span<const std::byte> bytes, size_t offset) {
    T value = 0;
    for (size_t i = 0; i < sizeof(T); ++i)
        value = static_cast<T>(value | (static_cast<T>(bytes[offset + i]) << (8 * i)));
    return value;
}

}  // namespace gsst
