// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/plan.h"
#include "plan/program/host_pieces.h"
#include "plan/program/memory_peak.h"
#include "plan/program/program_builder.h"
#include "spec/state_format.h"
#include "spec/tensor_table.h"
#include "spec/train_spec.h"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace gsst {

/// What the programs of one step take and move, all of them together.
struct StepTally {
    int64_t readBytes = 0;
    int64_t writtenBytes = 0;
    int64_t copiedBytes = 0;  ///< in memory
    int64_t linkBytes = 0;    ///< to other ranks
    double flops = 0;
};

/// What a plan takes at its worst op, whichever program that is in: one of a step or an evaluation.
struct PlanPeaks {
    MemoryPeak device;  ///< what stays across programs included
    MemoryPeak ram;     ///< of buffers: without the staging ring, and without state and gradients that are kept in RAM
};

/// A plan with all that follows from it, in one place: the recipe with the plan's micro-batch, the format of the state
/// with this process's shard of it, slices, step programs and sizes of files. Whoever runs, simulates, lists or
/// explains a plan asks here, so that all of them mean the same.
///
/// Programs are built when they are first asked for, and once. Thread-safe; it does not move, because programs are
/// built from references to its members.
class CompiledPlan {
public:
    using ProgramPointer = std::shared_ptr<const StepProgram>;

    /// `training` is this process's part of the recipe, `shard` its part of the state. `table` must outlive it.
    CompiledPlan(const TensorTable& table, const TrainSpec& training, const StateShard& shard, Plan plan);
    /// The same with a format that was made before: for many plans of one model.
    CompiledPlan(const TensorTable& table, const TrainSpec& training, std::shared_ptr<const StateFormat> format,
                 Plan plan);
    CompiledPlan(const CompiledPlan&) = delete;
    CompiledPlan& operator=(const CompiledPlan&) = delete;

    /// The same plan with another placement. Its figures stay those of the first.
    CompiledPlan placedAs(Placement placement) const;

    const Plan& plan() const { return m_plan; }
    const TensorTable& table() const { return m_table; }
    const TrainSpec& training() const { return m_training; }  ///< with the plan's micro-batch
    const StateFormat& format() const { return *m_format; }
    const std::vector<SliceRange>& slices() const { return m_builder.slices(); }
    int sliceCount() const { return int(slices().size()); }

    ProgramPointer program(const ProgramVariant& variant) const;
    /// Evaluate with another number of micro-batches than a training step has; one with as many is program()'s.
    ProgramPointer evaluation(int microBatches) const;

    /// The programs of one training step in steady state, in their order: what Plan::step is the cost of. They live as
    /// long as this. Of an adaptive rule the step that updates in the backward sweep.
    std::vector<const StepProgram*> stepPrograms() const { return stepPrograms(backwardUpdateOf(m_plan.rule)); }
    /// Those of a step whose backward sweep updates so; with all state in RAM there is one way only.
    std::vector<const StepProgram*> stepPrograms(BackwardUpdate update) const;

    /// Of stepPrograms().
    StepTally tally() const;
    PlanPeaks peaks() const;

    /// Arrays that the placement keeps in host memory.
    std::vector<HostPiece> hostPieces() const;
    int64_t residentBytes() const;
    /// Bytes of the work files of stored gradients, of what a tied head adds to them (see Placement::tiedGradients) and
    /// of boundary activations; 0 = there is none.
    int64_t gradientFileBytes() const;
    int64_t tiedGradientFileBytes() const;
    int64_t boundaryFileBytes() const;
    /// Both slots with their sums, HEAD, and the work files.
    int64_t diskBytes() const;

private:
    const TensorTable& m_table;
    const TrainSpec m_training;
    const std::shared_ptr<const StateFormat> m_format;
    const ProgramBuilder m_builder;
    const Plan m_plan;
    mutable std::mutex m_mutex;
    mutable std::map<ProgramVariant, ProgramPointer> m_programs;  ///< guarded by m_mutex
};

}  // namespace gsst
