// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/step_program.h"
#include "spec/tensor_table.h"
#include "spec/train_spec.h"

#include <vector>

namespace gsst {

/// The free choices of a schedule; none of them changes a bit of the result.
struct Placement {
    bool stateResident = false;     ///< hi, lo, m, v and gradients stay in RAM; else all on disk
    bool boundariesInRam = true;    ///< boundary activations in host RAM; else on the device
    int unitsPerSlice = 2;
    int64_t chunkElements = 4 << 20;
    bool operator==(const Placement&) const = default;
};

/// Compiles the step programs of one model, recipe and placement, with update placement "deferred". References must
/// outlive the builder, not the programs.
class ProgramBuilder {
public:
    ProgramBuilder(const TensorTable& table, const TrainSpec& training, const Placement& placement);

    const std::vector<SliceRange>& slices() const { return m_slices; }
    StepProgram build(ProgramKind kind) const;
    /// Evaluate with another number of micro-batches than a training step has.
    StepProgram buildEvaluation(int microBatches) const;

private:
    const TensorTable& m_table;
    const TrainSpec& m_training;
    Placement m_placement;
    std::vector<SliceRange> m_slices;
};

}  // namespace gsst
