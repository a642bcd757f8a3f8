// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/tensor_table.h"

#include <array>
#include <cstdint>
#include <vector>

namespace gsst {

/// The kinds of state a parameter has on disk with preset `exact` (12 bytes a parameter).
enum class StateKind {
    Hi,       ///< uint16: bf16 working weight
    Lo,       ///< uint16: remainder; fp32 bits = (hi << 16) + sign_extend16(lo)
    Moment1,  ///< fp32
    Moment2   ///< fp32
};
inline constexpr std::array<StateKind, 4> kStateKinds{StateKind::Hi, StateKind::Lo, StateKind::Moment1, StateKind::Moment2};

inline constexpr int64_t elementBytes(StateKind kind) { return kind == StateKind::Hi || kind == StateKind::Lo ? 2 : 4; }
const char* nameOf(StateKind kind);

struct Extent {
    uint64_t offset = 0;
    uint64_t bytes = 0;
};

/// Where everything lies in a slot file; pure arithmetic over the tensor table, see FORMAT.md. Units in canonical order;
/// in a unit the sections hi, lo, m, v, each the unit's padded element space. Everything is a multiple of 4 KiB.
class SlotLayout {
public:
    explicit SlotLayout(const TensorTable& table);

    /// Contiguous bytes of `blockCount` blocks from `firstBlock`, all of one unit.
    Extent blocks(int firstBlock, int blockCount, StateKind kind) const;
    Extent header() const;
    Extent sums() const;
    uint64_t fileBytes() const;

private:
    const TensorTable& m_table;
    std::vector<uint64_t> m_unitOffset;
    uint64_t m_sumsOffset = 0;
};

}  // namespace gsst
