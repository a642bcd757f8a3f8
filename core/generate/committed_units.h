// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "device/caching_pool.h"
#include "generate/generator.h"
#include "io/aligned_buffer.h"
#include "spec/tensor_table.h"
#include "spec/train_spec.h"
#include "store/state_store.h"

#include <map>
#include <memory>

namespace gsst {

/// Units and parts of units of the committed slot for a Generator: kept in the pool as long as its limit allows; when
/// it does not, everything is dropped and each is read anew whenever it is needed. Sums are checked on every read. One
/// thread.
class CommittedUnits : public SliceSource {
public:
    /// References must outlive it.
    static Result<std::unique_ptr<CommittedUnits>> create(const TensorTable& table, StateStore& store,
                                                          Precision precision, CachingPool& pool);
    ~CommittedUnits() override;

    Result<const void*> load(const SliceRange& slice) override;

private:
    CommittedUnits(const TensorTable& table, StateStore& store, Precision precision, CachingPool& pool,
                   AlignedBuffer staging);
    Result<std::byte*> memoryFor(const ChunkRange& unit);
    Status read(const ChunkRange& unit, std::byte* into);
    void dropAll();

    const TensorTable& m_table;
    StateStore& m_store;
    Precision m_precision;
    CachingPool& m_pool;
    AlignedBuffer m_staging;           ///< hi and lo of one block
    std::map<int, std::byte*> m_kept;  ///< by the first block
    std::byte* m_single = nullptr;     ///< the only one in memory when not all fit
    bool m_streaming = false;
};

}  // namespace gsst
