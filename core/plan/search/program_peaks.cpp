// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/search/program_peaks.h"

#include "plan/program/program_builder.h"
#include "plan/simulation.h"

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

ProgramPeaks KnownPeaks::compute(const Key& key) {
    TrainSpec training = m_training;
    training.microBatch = key.first;
    const StepProgram step =
        ProgramBuilder(m_table, m_format, training, key.second).build({ProgramKind::Step, false, BackwardUpdate::None});
    // The updating step holds the same buffers on the device. Gradients that are kept are there during an evaluation
    // too.
    return {std::max(devicePeakOf(step), keptBytesOf(step) + evaluationPeak(key)), ramPeakOf(step)};
}

/// An evaluation has no gradients and no use for kept activations: many placements share it.
int64_t KnownPeaks::evaluationPeak(Key key) {
    for (SliceResidency& slice : key.second.slices) {
        slice.gradient = Tier::Ram;
        slice.keepsActivations = false;
    }
    const auto [place, isNew] = m_evaluations.try_emplace(std::move(key));
    if (isNew) {
        TrainSpec training = m_training;
        training.microBatch = place->first.first;
        const ProgramBuilder builder(m_table, m_format, training, place->first.second);
        const StepProgram evaluation = builder.build({ProgramKind::Evaluate, false, BackwardUpdate::None});
        place->second = devicePeakOf(evaluation) - keptBytesOf(evaluation);
    }
    return place->second;
}

}  // namespace gsst
