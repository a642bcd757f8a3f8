// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/program/program_builder.h"

#include "plan/program/sweep_assembly.h"

namespace gsst {

ProgramBuilder::ProgramBuilder(const TensorTable& table, const StateFormat& format, const TrainSpec& training,
                               const Placement& placement)
    : m_table(table), m_format(format), m_training(training), m_placement(placement),
      m_slices(makeSlicing(table, placement)) {}

bool ProgramBuilder::stateOnDisk() const {
    for (int slice = 0; slice < int(m_slices.size()); ++slice)
        if (!m_placement.of(slice).stateInRam(m_format))
            return true;
    return false;
}

StepProgram ProgramBuilder::build(const ProgramVariant& variant) const {
    const int microBatches = int(m_training.microBatchesPerStep());
    if (variant.kind == ProgramKind::Evaluate)
        return buildEvaluation(microBatches);
    SweepAssembly assembly(m_table, m_format, m_training, m_placement, m_slices, variant, microBatches);
    switch (variant.kind) {
    case ProgramKind::Step:
        assembly.forwardSweep(false);
        assembly.backwardSweep();
        break;
    case ProgramKind::UpdateOnly:
        assembly.updateOnly();
        break;
    case ProgramKind::Commit:
        assembly.commit();
        break;
    case ProgramKind::WriteOut:
        assembly.writeOut();
        break;
    case ProgramKind::LoadWeights:
        assembly.loadKeptWeights();
        break;
    case ProgramKind::Evaluate:
        break;
    }
    return assembly.finish();
}

StepProgram ProgramBuilder::buildEvaluation(int microBatches) const {
    SweepAssembly assembly(m_table, m_format, m_training, m_placement, m_slices,
                           {ProgramKind::Evaluate, false, BackwardUpdate::None}, microBatches);
    assembly.forwardSweep(true);
    return assembly.finish();
}

}  // namespace gsst
