// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/state_format.h"
#include "spec/tensor_table.h"

#include <cstdint>
#include <vector>

namespace gsst {

struct Extent {
    uint64_t offset = 0;
    uint64_t bytes = 0;
};

/// Where everything lies in a slot file; pure arithmetic over the tensor table, see FORMAT.md. Units in canonical
/// order; in a unit one section for each kind of the format, each with all of the unit's blocks. Everything is a
/// multiple of 4 KiB.
class SlotLayout {
public:
    SlotLayout(const TensorTable& table, StateFormat format);

    const StateFormat& format() const { return m_format; }

    /// Contiguous bytes of `blockCount` blocks from `firstBlock`, all of one unit. `kind` is one of format().kinds().
    Extent blocks(int firstBlock, int blockCount, StateKind kind) const;
    Extent header() const;
    Extent sums() const;
    uint64_t fileBytes() const;

private:
    const TensorTable& m_table;
    StateFormat m_format;
    std::vector<uint64_t> m_unitOffset;
    uint64_t m_sumsOffset = 0;
};

}  // namespace gsst
