// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/compiled_plan.h"

#include "base/round_up.h"
#include "spec/cost.h"

#include <utility>

namespace gsst {
namespace {

TrainSpec withMicroBatch(TrainSpec training, const Plan& plan) {
    training.microBatch = plan.microBatch;
    return training;
}

/// Whether any state is on disk follows from the placement.
Plan settled(Plan plan, const ProgramBuilder& builder) {
    plan.stateOnDisk = builder.stateOnDisk();
    return plan;
}

int64_t slotBytes(const StateFormat& format) {
    const int64_t sums = roundUp(int64_t(format.blockCount()) * int64_t(format.kinds().size()) * 8, 4096);
    return 2 * (4096 + format.totalBytes() + sums) + 8 * 4096;
}

void keepLarger(MemoryPeak& peak, const MemoryPeak& other) {
    if (other.bytes > peak.bytes)
        peak = other;
}

}  // namespace

const char* nameOf(UpdateRule rule) {
    switch (rule) {
    case UpdateRule::Deferred:
        return "deferred";
    case UpdateRule::Speculative:
        return "speculative";
    case UpdateRule::Insured:
        return "insured";
    case UpdateRule::Adaptive:
        return "insured or deferred";
    }
    return "unknown";
}

BackwardUpdate backwardUpdateOf(UpdateRule rule) {
    switch (rule) {
    case UpdateRule::Deferred:
        return BackwardUpdate::None;
    case UpdateRule::Speculative:
        return BackwardUpdate::Speculative;
    case UpdateRule::Insured:
    case UpdateRule::Adaptive:
        break;
    }
    return BackwardUpdate::Insured;
}

CompiledPlan::CompiledPlan(const TensorTable& table, const TrainSpec& training, const StateShard& shard, Plan plan)
    : CompiledPlan(table, training,
                   std::make_shared<const StateFormat>(table, training.state, optimizerSpec(training.optimizer), shard),
                   std::move(plan)) {}

CompiledPlan::CompiledPlan(const TensorTable& table, const TrainSpec& training,
                           std::shared_ptr<const StateFormat> format, Plan plan)
    : m_table(table), m_training(withMicroBatch(training, plan)), m_format(std::move(format)),
      m_builder(table, *m_format, m_training, plan.placement), m_plan(settled(std::move(plan), m_builder)) {}

CompiledPlan CompiledPlan::placedAs(Placement placement) const {
    Plan plan = m_plan;
    plan.placement = std::move(placement);
    return CompiledPlan(m_table, m_training, m_format, std::move(plan));
}

CompiledPlan::ProgramPointer CompiledPlan::program(const ProgramVariant& variant) const {
    const std::lock_guard lock(m_mutex);
    ProgramPointer& known = m_programs[variant];
    if (!known)
        known = std::make_shared<const StepProgram>(m_builder.build(variant));
    return known;
}

CompiledPlan::ProgramPointer CompiledPlan::evaluation(int microBatches) const {
    if (microBatches == int(m_training.microBatchesPerStep()))
        return program(kEvaluateProgram);
    return std::make_shared<const StepProgram>(m_builder.buildEvaluation(microBatches));
}

std::vector<const StepProgram*> CompiledPlan::stepPrograms(BackwardUpdate update) const {
    std::vector<const StepProgram*> programs;
    for (const ProgramVariant& variant : stepVariants(m_plan.stateOnDisk, update))
        programs.push_back(program(variant).get());
    return programs;
}

StepTally CompiledPlan::tally() const {
    StepTally tally;
    for (const StepProgram* program : stepPrograms()) {
        tally.readBytes += program->readBytes();
        tally.writtenBytes += program->writtenBytes();
        tally.flops += program->flops();
        for (const Op& op : program->ops) {
            tally.copiedBytes += op.copyBytes;
            tally.linkBytes += op.linkBytes;
        }
    }
    return tally;
}

PlanPeaks CompiledPlan::peaks() const {
    PlanPeaks peaks;
    MemoryPeak kept;
    std::vector<const StepProgram*> programs = stepPrograms();
    const ProgramPointer evaluation = program(kEvaluateProgram);
    programs.push_back(evaluation.get());
    for (const StepProgram* program : programs) {
        // Gradients that stay on the device are there during an evaluation too, which does not mention them.
        keepLarger(kept, keptOf(*program));
        keepLarger(peaks.device, passingPeakOf(*program, Space::Device));
        keepLarger(peaks.ram, passingPeakOf(*program, Space::Ram));
    }
    peaks.device += kept;
    return peaks;
}

std::vector<HostPiece> CompiledPlan::hostPieces() const {
    return gsst::hostPieces(m_table, *m_format, slices(), m_plan.placement);
}

int64_t CompiledPlan::residentBytes() const {
    return hostBytesOf(m_table, *m_format, slices(), m_plan.placement);
}

int64_t CompiledPlan::gradientFileBytes() const {
    // The rule says when slices are updated whose state is on disk. With all state in RAM the update follows the step,
    // from gradients wherever they are.
    if (m_plan.stateOnDisk && m_plan.rule == UpdateRule::Speculative)
        return 0;
    for (int slice = 0; slice < sliceCount(); ++slice)
        if (m_plan.placement.of(slice).gradient == Tier::Disk)
            return m_format->gradientBytes(0, m_format->blockCount());
    return 0;
}

int64_t CompiledPlan::tiedGradientFileBytes() const {
    const bool sliced = slices()[1].firstUnit == 0;
    const bool onDisk = sliced && m_table.model().tiedHead && m_plan.placement.tiedGradients == Tier::Disk;
    return onDisk ? m_table.units().front().paddedElements * kGradientBytes : 0;
}

int64_t CompiledPlan::boundaryFileBytes() const {
    if (m_plan.placement.boundaries != Tier::Disk)
        return 0;
    return int64_t(sliceCount()) * m_training.microBatchesPerStep() * boundarySlotBytes(m_table.model(), m_training);
}

int64_t CompiledPlan::diskBytes() const {
    return slotBytes(*m_format) + gradientFileBytes() + tiedGradientFileBytes() + boundaryFileBytes();
}

}  // namespace gsst
