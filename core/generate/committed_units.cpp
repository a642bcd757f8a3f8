// SPDX-License-Identifier: GPL-3.0-or-later
#include "generate/committed_units.h"

#include "optim/weights.h"
#include "spec/cost.h"

#include <utility>

namespace gsst {

Result<std::unique_ptr<CommittedUnits>> CommittedUnits::create(const TensorTable& table, StateStore& store,
                                                               Precision precision, CachingPool& pool) {
    GSST_ASSIGN(AlignedBuffer staging, AlignedBuffer::create(size_t(kBlockElements) * 4));
    return std::unique_ptr<CommittedUnits>(new CommittedUnits(table, store, precision, pool, std::move(staging)));
}

CommittedUnits::CommittedUnits(const TensorTable& table, StateStore& store, Precision precision, CachingPool& pool,
                               AlignedBuffer staging)
    : m_table(table), m_store(store), m_precision(precision), m_pool(pool), m_staging(std::move(staging)) {}

CommittedUnits::~CommittedUnits() {
    dropAll();
}

void CommittedUnits::dropAll() {
    for (const auto& [firstBlock, data] : m_kept)
        m_pool.free(data);
    m_kept.clear();
    m_pool.free(std::exchange(m_single, nullptr));
}

Result<std::byte*> CommittedUnits::memoryFor(const ChunkRange& unit) {
    const int64_t bytes = unit.paddedElements * computeElementBytes(m_precision);
    // Half of the limit is left to the cache and the temporaries of the generator.
    const PoolUsage usage = m_pool.usage();
    const bool roomy = usage.limit == 0 || usage.inUse + bytes <= usage.limit / 2;
    if (!m_streaming && roomy) {
        if (auto memory = m_pool.allocate(bytes); memory.ok())
            return m_kept[unit.firstBlock] = *memory;
    }
    if (!m_streaming) {
        m_streaming = true;
        dropAll();
    }
    m_pool.free(std::exchange(m_single, nullptr));
    GSST_ASSIGN(m_single, m_pool.allocate(bytes));
    return m_single;
}

Result<const void*> CommittedUnits::load(const SliceRange& slice) {
    const ChunkRange unit = unitsOfSlice(m_table, slice).front();
    if (const auto kept = m_kept.find(unit.firstBlock); kept != m_kept.end())
        return static_cast<const void*>(kept->second);
    GSST_ASSIGN(std::byte * memory, memoryFor(unit));
    GSST_TRY(read(unit, memory));
    return static_cast<const void*>(memory);
}

Status CommittedUnits::read(const ChunkRange& unit, std::byte* into) {
    const int slot = m_store.committedSlot();
    for (int index = unit.firstBlock; index < unit.firstBlock + unit.blockCount; ++index) {
        const BlockInfo& block = m_table.blocks()[size_t(index)];
        const int64_t offset = block.offset - unit.unitOffset;
        const size_t halfBytes = size_t(block.paddedElements) * sizeof(uint16_t);
        const std::span<std::byte> hi(m_staging.data(), halfBytes);
        const std::span<std::byte> lo(m_staging.data() + halfBytes, halfBytes);
        GSST_TRY(m_store.file(slot).read(m_store.layout().blocks(index, 1, StateKind::Hi).offset, hi));
        GSST_TRY(m_store.checkBlock(slot, index, StateKind::Hi, hi));
        const uint16_t* lower = nullptr;
        if (m_store.layout().format().weightsNeed(StateKind::Lo, m_precision)) {
            GSST_TRY(m_store.file(slot).read(m_store.layout().blocks(index, 1, StateKind::Lo).offset, lo));
            GSST_TRY(m_store.checkBlock(slot, index, StateKind::Lo, lo));
            lower = reinterpret_cast<const uint16_t*>(lo.data());
        }
        materializeWeights(m_precision, reinterpret_cast<const uint16_t*>(hi.data()), lower,
                           into + offset * computeElementBytes(m_precision), block.paddedElements);
    }
    return {};
}

}  // namespace gsst
