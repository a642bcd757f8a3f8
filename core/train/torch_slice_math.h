// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "device/cpu_pool.h"
#include "engine/slice_math.h"
#include "plan/slicing.h"
#include "spec/tensor_table.h"
#include "spec/train_spec.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace gsst {

/// The tokens of one micro-batch on the host: `sequences` x sequenceLength of each. The memory stays valid until the batch is replaced.
struct MicroBatch {
    std::span<const int64_t> inputs;
    std::span<const int64_t> targets;  ///< -1 = does not count
    double lossScale = 1.0;            ///< one over the targets that count in the whole step
};

/// SliceMath over nn (forward, head, backward) and optim (update, join, norms) on the CPU. All temporaries come from the
/// pool. A forward keeps nothing; a backward recomputes its slice from the slice's input. For the same inputs the bits
/// depend neither on the slicing nor on where memory lies. Does not set the number of threads: the caller does
/// (at::set_num_threads), since it changes bits and is global.
class TorchSliceMath : public SliceMath {
public:
    /// References must outlive this. `slices` cover all units in order.
    TorchSliceMath(const TensorTable& table, std::vector<SliceRange> slices, const TrainSpec& training, CpuPool& pool);
    ~TorchSliceMath() override;

    /// The tokens that calls with `microBatch` mean from now on. Checks counts and token numbers (InvalidInput).
    Status setBatch(int microBatch, const MicroBatch& batch);

    Status forward(const ForwardCall& call) override;
    Result<LossSum> head(const HeadCall& call) override;
    Status backward(const BackwardCall& call) override;
    Status update(const UpdateCall& call) override;
    Status join(const JoinCall& call) override;
    Status norms(const NormCall& call) override;

private:
    struct Compute;

    const TensorTable& m_table;
    const TrainSpec& m_training;
    std::vector<SliceRange> m_slices;
    CpuPool& m_pool;
    std::vector<MicroBatch> m_batches;
    std::unique_ptr<Compute> m_compute;
};

}  // namespace gsst
