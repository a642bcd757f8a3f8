// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/committed_units.h"

#include "optim/adamw_cpu.h"
#include "spec/cost.h"

#include <cstring>
#include <utility>

namespace gsst {

Result<std::unique_ptr<CommittedUnits>> CommittedUnits::create(const TensorTable& table, StateStore& store, Precision precision, CpuPool& pool) {
    GSST_ASSIGN(AlignedBuffer staging, AlignedBuffer::create(size_t(kBlockElements) * 4));
    return std::unique_ptr<CommittedUnits>(new CommittedUnits(table, store, precision, pool, std::move(staging)));
}

CommittedUnits::CommittedUnits(const TensorTable& table, StateStore& store, Precision precision, CpuPool& pool, AlignedBuffer staging)
    : m_table(table), m_store(store), m_precision(precision), m_pool(pool), m_staging(std::move(staging)),
      m_kept(size_t(table.unitCount()), nullptr) {}

CommittedUnits::~CommittedUnits() { dropAll(); }

void CommittedUnits::dropAll() {
    for (std::byte*& data : m_kept)
        m_pool.free(std::exchange(data, nullptr));
    m_pool.free(std::exchange(m_single, nullptr));
}

Result<std::byte*> CommittedUnits::memoryFor(int unit) {
    const int64_t bytes = m_table.units()[size_t(unit)].paddedElements * computeElementBytes(m_precision);
    // Half of the limit is left to the cache and the temporaries of the generator.
    const PoolUsage usage = m_pool.usage();
    const bool roomy = usage.limit == 0 || usage.inUse + bytes <= usage.limit / 2;
    if (!m_streaming && roomy) {
        if (auto memory = m_pool.allocate(bytes); memory.ok())
            return m_kept[size_t(unit)] = *memory;
    }
    if (!m_streaming) {
        m_streaming = true;
        dropAll();
    }
    m_pool.free(std::exchange(m_single, nullptr));
    GSST_ASSIGN(m_single, m_pool.allocate(bytes));
    return m_single;
}

Result<const void*> CommittedUnits::load(int unit) {
    if (m_kept[size_t(unit)])
        return static_cast<const void*>(m_kept[size_t(unit)]);
    GSST_ASSIGN(std::byte* memory, memoryFor(unit));
    GSST_TRY(read(unit, memory));
    return static_cast<const void*>(memory);
}

Status CommittedUnits::read(int unit, std::byte* into) {
    const int slot = m_store.committedSlot();
    const UnitInfo& info = m_table.units()[size_t(unit)];
    for (int index = info.firstBlock; index < info.firstBlock + info.blockCount; ++index) {
        const BlockInfo& block = m_table.blocks()[size_t(index)];
        const size_t halfBytes = size_t(block.paddedElements) * sizeof(uint16_t);
        const std::span<std::byte> hi(m_staging.data(), halfBytes);
        const std::span<std::byte> lo(m_staging.data() + halfBytes, halfBytes);
        GSST_TRY(m_store.file(slot).read(m_store.layout().blocks(index, 1, StateKind::Hi).offset, hi));
        GSST_TRY(m_store.checkBlock(slot, index, StateKind::Hi, hi));
        if (m_precision == Precision::Bf16) {
            std::memcpy(into + block.offset * 2, hi.data(), halfBytes);
            continue;
        }
        const auto* upper = reinterpret_cast<const uint16_t*>(hi.data());
        const uint16_t* lower = nullptr;
        if (m_store.layout().format().has(StateKind::Lo)) {
            GSST_TRY(m_store.file(slot).read(m_store.layout().blocks(index, 1, StateKind::Lo).offset, lo));
            GSST_TRY(m_store.checkBlock(slot, index, StateKind::Lo, lo));
            lower = reinterpret_cast<const uint16_t*>(lo.data());
        }
        if (m_precision == Precision::Fp16)
            joinWeightsFp16(upper, lower, reinterpret_cast<uint16_t*>(into) + block.offset, block.paddedElements);
        else
            joinWeights(upper, lower, reinterpret_cast<float*>(into) + block.offset, block.paddedElements);
    }
    return {};
}

}  // namespace gsst
