// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "device/cpu_pool.h"
#include "io/aligned_buffer.h"
#include "spec/tensor_table.h"
#include "spec/train_spec.h"
#include "store/state_store.h"
#include "train/generator.h"

#include <memory>
#include <vector>

namespace gsst {

/// Units of the committed slot for a Generator: kept in the pool as long as its limit allows; when it does not, everything is
/// dropped and each unit is read anew whenever it is needed. Sums are checked on every read. One thread.
class CommittedUnits : public UnitSource {
public:
    /// References must outlive it.
    static Result<std::unique_ptr<CommittedUnits>> create(const TensorTable& table, StateStore& store, Precision precision, CpuPool& pool);
    ~CommittedUnits() override;

    Result<const void*> load(int unit) override;

private:
    CommittedUnits(const TensorTable& table, StateStore& store, Precision precision, CpuPool& pool, AlignedBuffer staging);
    Result<std::byte*> memoryFor(int unit);
    Status read(int unit, std::byte* into);
    void dropAll();

    const TensorTable& m_table;
    StateStore& m_store;
    Precision m_precision;
    CpuPool& m_pool;
    AlignedBuffer m_staging;               ///< hi and lo of one block
    std::vector<std::byte*> m_kept;        ///< by unit; null = not loaded
    std::byte* m_single = nullptr;         ///< the one unit in memory when not all fit
    bool m_streaming = false;
};

}  // namespace gsst
