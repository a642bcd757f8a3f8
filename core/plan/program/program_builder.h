// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/program/program_writer.h"
#include "plan/program/residency.h"
#include "plan/program/step_program.h"
#include "spec/tensor_table.h"
#include "spec/train_spec.h"

#include <vector>

namespace gsst {

/// Compiles the step programs of one model, recipe and placement. References must outlive the builder, not the
/// programs.
class ProgramBuilder {
public:
    ProgramBuilder(const TensorTable& table, const StateFormat& format, const TrainSpec& training,
                   const Placement& placement);

    const std::vector<SliceRange>& slices() const { return m_slices; }
    const Placement& placement() const { return m_placement; }
    /// Whether any state of any slice is on disk: then every step commits.
    bool stateOnDisk() const { return stateIsOnDisk(inputs()); }
    StepProgram build(const ProgramVariant& variant) const;
    /// Evaluate with another number of micro-batches than a training step has.
    StepProgram buildEvaluation(int microBatches) const;

private:
    ProgramInputs inputs() const { return {m_table, m_format, m_training, m_placement, m_slices}; }

    const TensorTable& m_table;
    const StateFormat& m_format;
    const TrainSpec& m_training;
    Placement m_placement;
    std::vector<SliceRange> m_slices;
};

}  // namespace gsst
