// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/slot_layout.h"

#include "base/round_up.h"
#include "io/file.h"
#include "store/sealed_block.h"
#include "store/sum_table.h"

#include <cassert>
#include <utility>

namespace gsst {

static_assert(kSealedBytes == kIoAlignment);

SlotLayout::SlotLayout(const TensorTable& table, StateFormat format) : m_table(table), m_format(std::move(format)) {
    uint64_t offset = kSealedBytes;
    for (const UnitInfo& unit : table.units()) {
        m_unitOffset.push_back(offset);
        offset += uint64_t(m_format.bytes(unit.firstBlock, unit.blockCount));
    }
    m_sumsOffset = offset;
}

Extent SlotLayout::blocks(int firstBlock, int blockCount, StateKind kind) const {
    assert(firstBlock >= 0 && blockCount > 0 && size_t(firstBlock) + size_t(blockCount) <= m_table.blocks().size());
    assert(m_format.has(kind));
    const int unitIndex = m_table.blocks()[size_t(firstBlock)].unit;
    assert(unitIndex == m_table.blocks()[size_t(firstBlock) + size_t(blockCount) - 1].unit);
    const UnitInfo& unit = m_table.units()[size_t(unitIndex)];
    uint64_t offset = m_unitOffset[size_t(unitIndex)];
    for (const StateKind other : m_format.kinds()) {
        if (other == kind)
            break;
        offset += uint64_t(m_format.bytes(unit.firstBlock, unit.blockCount, other));
    }
    offset += uint64_t(m_format.bytes(unit.firstBlock, firstBlock - unit.firstBlock, kind));
    return {offset, uint64_t(m_format.bytes(firstBlock, blockCount, kind))};
}

Extent SlotLayout::header() const {
    return {0, kSealedBytes};
}

Extent SlotLayout::sums() const {
    return {m_sumsOffset, roundUp<uint64_t>(SumTable::serialisedBytes(m_table.blocks().size(), m_format.kinds().size()),
                                            kIoAlignment)};
}

uint64_t SlotLayout::fileBytes() const {
    return sums().offset + sums().bytes;
}

}  // namespace gsst
