// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace gsst {

/// The kinds of state a parameter can have. Which of them it has depends on preset and optimizer. The order is that of
/// files and of staging; the numbers are on disk.
enum class StateKind {
    Hi,       ///< uint16: the weight in bf16, as it is with bf16 compute
    Lo,       ///< uint16: remainder; fp32 bits = (hi << 16) + sign_extend16(lo)
    Moment1,  ///< fp32, or 8-bit codes with scales: a mean of gradients, of either sign
    Moment2   ///< fp32, or 8-bit codes with scales: a mean of squares of gradients, never negative
};
inline constexpr std::array<StateKind, 4> kStateKinds{StateKind::Hi, StateKind::Lo, StateKind::Moment1,
                                                      StateKind::Moment2};

/// Whether it is the optimizer that decides if a tensor has this kind.
constexpr bool isMoment(StateKind kind) {
    return kind == StateKind::Moment1 || kind == StateKind::Moment2;
}

/// Bytes of an element that is not quantized.
constexpr int64_t elementBytes(StateKind kind) {
    return isMoment(kind) ? 4 : 2;
}

/// "weights", "weight remainders", "first moments", "second moments".
const char* nameOf(StateKind kind);

/// Where the state of a run of blocks lies in memory: the first byte of each kind's section, null where there is none.
class StateSections {
public:
    std::byte*& operator[](StateKind kind) { return m_sections[size_t(kind)]; }
    std::byte* operator[](StateKind kind) const { return m_sections[size_t(kind)]; }
    void set(StateKind kind, void* section) { (*this)[kind] = static_cast<std::byte*>(section); }
    uint16_t* hi() const { return reinterpret_cast<uint16_t*>((*this)[StateKind::Hi]); }
    uint16_t* lo() const { return reinterpret_cast<uint16_t*>((*this)[StateKind::Lo]); }

private:
    std::array<std::byte*, kStateKinds.size()> m_sections{};
};

}  // namespace gsst
