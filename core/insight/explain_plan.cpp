// SPDX-License-Identifier: GPL-3.0-or-later
#include "insight/explain_plan.h"

#include "base/units.h"
#include "insight/placed_kinds.h"
#include "insight/plan_outcomes.h"

#include <algorithm>

namespace gsst {
namespace {

PlacedKind staging(const PlacedPlan& placed) {
    const Plan& plan = placed.plan();
    PlacedKind told;
    told.kind = "staging";
    told.bytes = plan.ringBytes;
    told.where = "RAM";
    if (!plan.stateOnDisk) {
        told.reason = plan.placement.boundaries == Tier::Disk
                          ? "for boundary activations on their way to or from the disk"
                          : "almost none: nothing is read from the disk or written to it";
        return told;
    }
    int64_t chunk = 0;
    for (const SliceRange& slice : placed.slices())
        for (const ChunkRange& range :
             chunksOfSlice(placed.basis().table, placed.format(), slice, plan.placement.chunkElements))
            chunk = std::max(chunk, range.paddedElements);
    const double chunkBytes =
        double(chunk) * (placed.format().bytesPerParameter() + double(placed.format().gradientBytes()));
    const int64_t pieces = std::max<int64_t>(1, int64_t(double(plan.ringBytes) / chunkBytes));
    told.reason = "room for " + std::to_string(pieces) + (pieces == 1 ? " piece" : " pieces") + " of up to " +
                  formatCount(uint64_t(chunk)) + " parameters on their way to or from the disk";
    return told;
}

}  // namespace

PlanExplanation explainPlan(const PlanBasis& basis, const CompiledPlan& compiled) {
    const PlacedPlan placed(basis, compiled);
    const Plan& plan = compiled.plan();
    PlanExplanation explanation;
    std::vector<PlacedKind>& kinds = explanation.kinds;
    kinds = placedState(placed);
    kinds.push_back(placedGradients(placed));
    kinds.push_back(placedBoundaries(placed));
    kinds.push_back(placedActivations(placed));
    if (plan.placement.vocabularyRows > 0)
        kinds.push_back(placedVocabulary(placed));
    kinds.push_back(staging(placed));
    if (plan.programBytes > 0)
        kinds.push_back(
            {"the program", plan.programBytes, {}, "RAM", "fixed overhead: libraries and tables, whatever the model"});
    fillOutcomes(explanation, basis, plan);
    return explanation;
}

}  // namespace gsst
