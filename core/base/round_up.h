// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <concepts>
#include <type_traits>

namespace gsst {

/// The smallest multiple of `multiple` (positive) that is not below `value` (not negative).
template <std::integral T>
constexpr T roundUp(T value, std::type_identity_t<T> multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

}  // namespace gsst
