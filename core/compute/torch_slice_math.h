// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "device/caching_pool.h"
#include "engine/batch_math.h"
#include "optim/worker_pool.h"
#include "plan/program/slicing.h"
#include "spec/state_format.h"
#include "spec/tensor_table.h"
#include "spec/train_spec.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace gsst {

/// SliceMath over nn (forward, head, backward) and optim (update, join, norms) on the CPU. All temporaries come from
/// the pool, which is one of host memory. A forward keeps nothing unless asked; a backward then recomputes its slice
/// from the slice's input. For the same inputs the bits depend neither on the slicing nor on where memory lies. Does
/// not set the number of threads: the caller does (ComputeBackend::useThreads()), since it changes bits and is global.
class TorchSliceMath : public BatchMath {
public:
    /// References must outlive this. `slices` cover all units in order.
    TorchSliceMath(const TensorTable& table, std::vector<SliceRange> slices, const TrainSpec& training,
                   CachingPool& pool);
    ~TorchSliceMath() override;

    Status setBatch(int microBatch, std::vector<int64_t> inputs, std::vector<int64_t> targets,
                    int64_t targetsInStep) override;

    Status forward(const ForwardCall& call) override;
    Result<LossSum> head(const HeadCall& call) override;
    Result<LossSum> headSums(const HeadSliceCall& call) override;
    Status headSlice(const HeadSliceCall& call) override;
    Status backward(const BackwardCall& call) override;
    void dropKept() override;
    Status update(const UpdateCall& call) override;
    Status join(const MaterializeCall& call) override;
    Status norms(const NormCall& call) override;
    Status packGradient(const PackCall& call) override;

private:
    struct Compute;
    struct HeadSlice;
    HeadSlice headSliceOf(const HeadSliceCall& call) const;
    struct MicroBatch {
        std::vector<int64_t> inputs;
        std::vector<int64_t> targets;
        int64_t targetsInStep = 1;
    };

    const TensorTable& m_table;
    StateFormat m_format;
    const TrainSpec& m_training;
    std::vector<SliceRange> m_slices;
    CachingPool& m_pool;
    std::vector<MicroBatch> m_batches;
    std::unique_ptr<Compute> m_compute;
    std::unique_ptr<WorkerPool> m_workers;  ///< for optimizer work on blocks
};

}  // namespace gsst
