// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/slot_layout.h"

#include "io/file.h"
#include "store/sealed_block.h"
#include "store/sum_table.h"

#include <cassert>

namespace gsst {

namespace {

/// Bytes an element has in the sections in front of that of `kind`.
uint64_t bytesInFront(StateKind kind) {
    uint64_t bytes = 0;
    for (StateKind other : kStateKinds) {
        if (other == kind)
            break;
        bytes += uint64_t(elementBytes(other));
    }
    return bytes;
}

uint64_t bytesOfAllKinds() {
    uint64_t bytes = 0;
    for (StateKind kind : kStateKinds)
        bytes += uint64_t(elementBytes(kind));
    return bytes;
}

uint64_t roundedUp(uint64_t bytes) { return (bytes + kIoAlignment - 1) / kIoAlignment * kIoAlignment; }

}  // namespace

static_assert(kTensorAlignment * elementBytes(StateKind::Hi) % int64_t(kIoAlignment) == 0);
static_assert(kSealedBytes == kIoAlignment);

const char* nameOf(StateKind kind) {
    switch (kind) {
    case StateKind::Hi: return "weights";
    case StateKind::Lo: return "weight remainders";
    case StateKind::Moment1: return "first moments";
    case StateKind::Moment2: return "second moments";
    }
    return "";
}

SlotLayout::SlotLayout(const TensorTable& table) : m_table(table) {
    uint64_t offset = kSealedBytes;
    for (const UnitInfo& unit : table.units()) {
        m_unitOffset.push_back(offset);
        offset += uint64_t(unit.paddedElements) * bytesOfAllKinds();
    }
    m_sumsOffset = offset;
}

Extent SlotLayout::blocks(int firstBlock, int blockCount, StateKind kind) const {
    assert(firstBlock >= 0 && blockCount > 0 && size_t(firstBlock) + size_t(blockCount) <= m_table.blocks().size());
    const BlockInfo& first = m_table.blocks()[size_t(firstBlock)];
    const BlockInfo& last = m_table.blocks()[size_t(firstBlock) + size_t(blockCount) - 1];
    assert(first.unit == last.unit);
    const uint64_t padded = uint64_t(m_table.units()[size_t(first.unit)].paddedElements);
    const uint64_t section = m_unitOffset[size_t(first.unit)] + padded * bytesInFront(kind);
    const uint64_t width = uint64_t(elementBytes(kind));
    return {section + uint64_t(first.offset) * width, uint64_t(last.offset + last.paddedElements - first.offset) * width};
}

Extent SlotLayout::header() const { return {0, kSealedBytes}; }

Extent SlotLayout::sums() const { return {m_sumsOffset, roundedUp(SumTable::serialisedBytes(m_table.blocks().size()))}; }

uint64_t SlotLayout::fileBytes() const { return sums().offset + sums().bytes; }

}  // namespace gsst
