// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>

namespace gsst {

/// Turns into whatever a member of a struct is.
struct AnyMember {
    template <typename Value>
    constexpr operator Value() const;
};

/// How many members a struct without constructors has, so that a list of them can be held against it at compile time.
template <typename Struct, typename... Members>
constexpr size_t memberCount() {
    if constexpr (requires { Struct{Members{}..., AnyMember{}}; })
        return memberCount<Struct, Members..., AnyMember>();
    else
        return sizeof...(Members);
}

}  // namespace gsst
