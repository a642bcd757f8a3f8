// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/slot_check.h"

#include "base/cancelled.h"
#include "io/aligned_buffer.h"

#include <utility>

namespace gsst {

namespace {

constexpr uint64_t kPieceBytes = 4u << 20;

class Check {
public:
    Check(const SlotUnderCheck& slot, const std::function<AfterDamage(int, StateKind)>& damaged,
          const std::function<void(uint64_t)>& read, std::stop_token stop, AlignedBuffer buffer)
        : m_slot(slot), m_damaged(damaged), m_read(read), m_stop(std::move(stop)), m_buffer(std::move(buffer)) {}

    Status run() {
        for (const UnitInfo& unit : m_slot.table.units())
            for (StateKind kind : m_slot.layout.format().kinds())
                GSST_TRY(section(unit, kind));
        return {};
    }

private:
    Status section(const UnitInfo& unit, StateKind kind) {
        const int end = unit.firstBlock + unit.blockCount;
        for (int first = unit.firstBlock; first < end && !m_enough;) {
            if (m_stop.stop_requested())
                return cancelled("Checking the state", "Start it again at any time");
            int count = 1;
            while (first + count < end && m_slot.layout.blocks(first, count + 1, kind).bytes <= m_buffer.size())
                ++count;
            GSST_TRY(piece(first, count, kind));
            first += count;
        }
        return {};
    }

    /// Several blocks in one read; if that fails, one by one, to find the one that cannot be read.
    Status piece(int first, int count, StateKind kind) {
        const Extent extent = m_slot.layout.blocks(first, count, kind);
        if (extent.bytes == 0)
            return {};  // another rank has them
        const auto bytes = m_buffer.span().first(extent.bytes);
        const Status read = m_slot.file.read(extent.offset, bytes);
        if (!read.ok() && read.error().code != ErrorCode::Corrupt && read.error().code != ErrorCode::Io)
            return read;
        if (!read.ok() && count > 1) {
            for (int block = first; block < first + count && !m_enough; ++block)
                GSST_TRY(piece(block, 1, kind));
            return {};
        }
        for (int block = first; block < first + count && !m_enough; ++block) {
            if (!m_slot.layout.format().holds(block, kind))
                continue;
            const Extent one = m_slot.layout.blocks(block, 1, kind);
            const auto part = bytes.subspan(one.offset - extent.offset, one.bytes);
            if (!read.ok() || stateSum(part) != m_slot.sums.get(block, kind))
                m_enough = m_damaged(block, kind) == AfterDamage::Stop;
        }
        if (m_read)
            m_read(extent.bytes);
        return {};
    }

    const SlotUnderCheck& m_slot;
    const std::function<AfterDamage(int, StateKind)>& m_damaged;
    const std::function<void(uint64_t)>& m_read;
    std::stop_token m_stop;
    AlignedBuffer m_buffer;
    bool m_enough = false;
};

}  // namespace

Status checkSlot(const SlotUnderCheck& slot, const std::function<AfterDamage(int block, StateKind kind)>& damaged,
                 const std::function<void(uint64_t bytes)>& read, std::stop_token stop) {
    GSST_ASSIGN(AlignedBuffer buffer, AlignedBuffer::create(kPieceBytes));
    return Check(slot, damaged, read, std::move(stop), std::move(buffer)).run();
}

Result<bool> slotIsWhole(const SlotUnderCheck& slot, const std::function<void(uint64_t bytes)>& read,
                         std::stop_token stop) {
    bool whole = true;
    const auto damaged = [&](int, StateKind) {
        whole = false;
        return AfterDamage::Stop;
    };
    GSST_TRY(checkSlot(slot, damaged, read, std::move(stop)));
    return whole;
}

uint64_t checkedBytes(const SlotLayout& layout) {
    return uint64_t(layout.format().totalBytes());
}

}  // namespace gsst
