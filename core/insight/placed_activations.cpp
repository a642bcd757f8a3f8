// SPDX-License-Identifier: GPL-3.0-or-later
#include "insight/placed_kinds.h"

#include "spec/cost.h"

#include <algorithm>

namespace gsst {
namespace {

/// Of a step with boundary activations in RAM, and on disk.
struct BoundaryTraffic {
    int64_t copied = 0;
    int64_t moved = 0;
};

BoundaryTraffic boundaryTraffic(const PlacedPlan& placed) {
    BoundaryTraffic traffic;
    for (const StepProgram* program : placed.compiled().stepPrograms())
        for (const Op& op : program->ops) {
            if (op.kind == OpKind::LoadBoundary || op.kind == OpKind::StoreBoundary || op.kind == OpKind::LoadGradient)
                traffic.copied += op.copyBytes / 2;
            if (op.kind == OpKind::ReadBoundary || op.kind == OpKind::WriteBoundary)
                traffic.moved += op.ioBytes;
        }
    return traffic;
}

std::string whyRecomputed(const PlacedPlan& placed) {
    const char* why =
        placed.basis().spec.budget.activations == ActivationChoice::Recompute ? "asked for with --activations recompute"
        : placed.plan().recomputesByChoice ? "their memory saves more time as room for state and gradients"
                                           : "no memory to spare for them";
    return std::string("computed again for the backward sweep: ") + why;
}

/// Where the share of the gradient that a tied head adds waits for the backward sweep to reach the embedding.
std::string whereTiedGradientsWait(const PlacedPlan& placed) {
    const std::string place = placed.plan().placement.tiedGradients == Tier::Disk ? "on disk" : "in RAM";
    int parts = 0, onDevice = 0;
    for (int slice = 0; slice < placed.sliceCount() && placed.slices()[size_t(slice)].firstUnit == 0; ++slice) {
        ++parts;
        onDevice += placed.plan().placement.of(slice).gradient == Tier::Device ? 1 : 0;
    }
    if (onDevice == parts)
        return "on the device";
    if (onDevice == 0)
        return place;
    return place + ", of " + (onDevice == 1 ? "one slice" : std::to_string(onDevice) + " slices") + " on the device";
}

}  // namespace

PlacedKind placedBoundaries(const PlacedPlan& placed) {
    const TensorTable& table = placed.basis().table;
    const Tier tier = placed.plan().placement.boundaries;
    const auto ofLayers = [&table](const SliceRange& slice) { return isOfLayers(table, slice); };
    const int64_t count = 1 + std::count_if(placed.slices().begin(), placed.slices().end(), ofLayers);
    PlacedKind told;
    told.kind = "boundary activations";
    told.slices[size_t(tier)] = int(count);
    told.bytes = count * placed.training().microBatchesPerStep() * boundaryBytes(table.model(), placed.training());
    told.where = whereText(told.slices);
    if (tier == Tier::Device)
        told.reason = "what passes from slice to slice fits the device: nothing to copy";
    else if (tier == Tier::Ram)
        told.reason = "no room on the device: " + sizeText(boundaryTraffic(placed).copied) + " copied a step";
    else
        told.reason = "no room on the device, nor in RAM: " + sizeText(boundaryTraffic(placed).moved) +
                      " read and written a step";
    return told;
}

PlacedKind placedActivations(const PlacedPlan& placed) {
    const TensorTable& table = placed.basis().table;
    PlacedKind told;
    told.kind = "kept activations";
    int keeping = 0, possible = 0;
    for (int slice = 0; slice < placed.sliceCount(); ++slice) {
        const SliceRange& range = placed.slices()[size_t(slice)];
        if (!isOfLayers(table, range))
            continue;
        ++possible;
        if (!placed.plan().placement.of(slice).keepsActivations)
            continue;
        ++keeping;
        told.bytes += placed.training().microBatchesPerStep() *
                      sliceKeptBytes(table, range.firstUnit, range.unitCount, placed.training());
    }
    told.slices[size_t(Tier::Device)] = keeping;
    if (keeping == 0) {
        told.where = "nowhere";
        told.reason = whyRecomputed(placed);
        return told;
    }
    const double without =
        placed.workOf(placed.changed([](SliceResidency& slice) { slice.keepsActivations = false; })).flops;
    told.where = "device " + std::to_string(keeping) + " of " + std::to_string(possible);
    told.reason = "from forward to backward: saves " + percentText(1 - placed.work().flops / without) +
                  " of the arithmetic" + (keeping < possible ? "; what does not fit is computed again" : "");
    return told;
}

PlacedKind placedVocabulary(const PlacedPlan& placed) {
    const TensorTable& table = placed.basis().table;
    const Placement& placement = placed.plan().placement;
    PlacedKind told;
    told.kind = "vocabulary slices";
    int rowSlices = 0;
    int64_t largest = 0;
    for (const SliceRange& slice : placed.slices()) {
        if (slice.firstUnit != 0)
            continue;
        ++rowSlices;
        largest = std::max(largest, sliceElements(table, slice));
    }
    told.bytes = largest * (computeElementBytes(placed.training().precision) + kGradientBytes);
    told.where = "device (one at a time)";
    Placement whole = placement;
    whole.vocabularyRows = 0;
    whole.slices.clear();
    Placement sliced = whole;
    sliced.vocabularyRows = placement.vocabularyRows;
    told.reason = "embedding and head do not fit whole: " + std::to_string(rowSlices) + " slices of " +
                  std::to_string(placement.vocabularyRows) + " tokens; the head is computed in two passes, " +
                  percentText(placed.workOf(sliced).flops / placed.workOf(whole).flops - 1) + " more arithmetic";
    if (table.model().tiedHead)
        told.reason += "; its share of the gradient waits " + whereTiedGradientsWait(placed);
    return told;
}

}  // namespace gsst
