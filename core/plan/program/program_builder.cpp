// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/program/program_builder.h"

#include "plan/program/sweeps.h"

namespace gsst {

ProgramBuilder::ProgramBuilder(const TensorTable& table, const StateFormat& format, const TrainSpec& training,
                               const Placement& placement)
    : m_table(table), m_format(format), m_training(training), m_placement(placement),
      m_slices(makeSlicing(table, placement)) {}

StepProgram ProgramBuilder::build(const ProgramVariant& variant) const {
    const int microBatches = int(m_training.microBatchesPerStep());
    if (variant.kind == ProgramKind::Evaluate)
        return buildEvaluation(microBatches);
    Sweeps sweeps(inputs(), variant, microBatches);
    switch (variant.kind) {
    case ProgramKind::Step:
        sweeps.forwardSweep(false);
        sweeps.backwardSweep();
        break;
    case ProgramKind::UpdateOnly:
        sweeps.state().updateOnly();
        break;
    case ProgramKind::Commit:
        sweeps.state().commit();
        break;
    case ProgramKind::WriteOut:
        sweeps.state().writeOut();
        break;
    case ProgramKind::LoadWeights:
        sweeps.state().loadKeptWeights();
        break;
    case ProgramKind::Evaluate:
        break;
    }
    return sweeps.finish();
}

StepProgram ProgramBuilder::buildEvaluation(int microBatches) const {
    Sweeps sweeps(inputs(), kEvaluateProgram, microBatches);
    sweeps.forwardSweep(true);
    return sweeps.finish();
}

}  // namespace gsst
