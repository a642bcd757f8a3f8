// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/search/program_peaks.h"

#include "plan/compiled_plan.h"

#include <algorithm>
#include <limits>

namespace gsst {
namespace {

Tier ramUnlessDevice(Tier tier) {
    return tier == Tier::Device ? Tier::Device : Tier::Ram;
}

}  // namespace

Placement simplifiedForPeaks(const Placement& placement, int slices) {
    Placement simple = placement;
    simple.chunkElements = std::numeric_limits<int64_t>::max();
    simple.everywhere = {};
    simple.slices.clear();
    for (int slice = 0; slice < slices; ++slice) {
        const SliceResidency& given = placement.of(slice);
        simple.slices.push_back({ramUnlessDevice(given.weights), Tier::Ram, Tier::Ram, ramUnlessDevice(given.gradient),
                                 given.keepsActivations});
    }
    return simple;
}

const ProgramPeaks& KnownPeaks::of(const Placement& placement, int64_t microBatch) {
    const int slices = int(makeSlicing(m_table, placement).size());
    const auto [place, isNew] = m_known.try_emplace({microBatch, simplifiedForPeaks(placement, slices)});
    if (isNew)
        place->second = compute(place->first);
    return place->second;
}

/// Programs of the key's placement.
CompiledPlan KnownPeaks::compiled(const Key& key) const {
    Plan plan;
    plan.microBatch = key.first;
    plan.placement = key.second;
    return CompiledPlan(m_table, m_training, m_format, std::move(plan));
}

ProgramPeaks KnownPeaks::compute(const Key& key) {
    const CompiledPlan plan = compiled(key);
    const StepProgram& step = *plan.program(stepVariant(false, BackwardUpdate::None));
    // The updating step holds the same buffers on the device. Gradients that are kept are there during an evaluation
    // too.
    return {keptOf(step).bytes + std::max(passingPeakOf(step, Space::Device).bytes, evaluationPeak(key)),
            passingPeakOf(step, Space::Ram).bytes};
}

/// An evaluation has no gradients and no use for kept activations: many placements share it.
int64_t KnownPeaks::evaluationPeak(Key key) {
    for (SliceResidency& slice : key.second.slices) {
        slice.gradient = Tier::Ram;
        slice.keepsActivations = false;
    }
    const auto [place, isNew] = m_evaluations.try_emplace(std::move(key));
    if (isNew)
        place->second = passingPeakOf(*compiled(place->first).program(kEvaluateProgram), Space::Device).bytes;
    return place->second;
}

}  // namespace gsst
