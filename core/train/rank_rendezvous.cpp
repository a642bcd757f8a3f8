// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/rank_rendezvous.h"

#include "engine/agreement.h"
#include "tensors/tensor_library.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace gsst {
namespace {

/// Each change of plan lowers one of these, and none ever rises. The largest numbers if there was no change.
std::array<int64_t, 3> limitsOf(const Replan& newest) {
    std::array limits{newest.microBatch, newest.ceilings.deviceBytes, newest.ceilings.ramBytes};
    std::replace(limits.begin(), limits.end(), int64_t{0}, std::numeric_limits<int64_t>::max());
    return limits;
}

Status takeOverReplan(PreparedRun& run) {
    std::vector<Replan>& replans = run.record.replans;
    const Replan own = replans.empty() ? Replan{} : replans.back();
    GSST_ASSIGN(const std::vector<Replan> all, gatherValues(run.world->collective(), Channel::Steps, own));
    const auto isNewer = [](const Replan& one, const Replan& other) { return limitsOf(one) < limitsOf(other); };
    const Replan& newest = *std::min_element(all.begin(), all.end(), isNewer);
    if (!isNewer(newest, own))
        return {};
    replans.push_back(newest);
    run.record.spec.training.microBatch = newest.microBatch;
    run.recordChanged = true;
    return {};
}

}  // namespace

Status agreeOnRecipe(PreparedRun& run) {
    GSST_TRY(takeOverReplan(run));
    GSST_ASSIGN(const std::vector<Hash128> recipes,
                gatherValues(run.world->collective(), Channel::Steps, fingerprintOf(run.record.spec)));
    for (size_t rank = 1; rank < recipes.size(); ++rank)
        if (recipes[rank] != recipes[0])
            return Error{ErrorCode::InvalidInput, "The ranks do not train the same run", "rank " + std::to_string(rank),
                         "its model, recipe, number of steps or version of the program is not that of rank 0; nothing "
                         "was changed",
                         "Start all ranks with the same options and the same version"};
    return {};
}

Result<ProductRates> slowestProductRates(Collective& collective, const ProductRates& own) {
    GSST_ASSIGN(const std::vector<ProductRates> all, gatherValues(collective, Channel::Steps, own));
    ProductRates slowest = own;
    for (const ProductRates& each : all) {
        slowest.nativeFlops = std::min(slowest.nativeFlops, each.nativeFlops);
        slowest.upcastFlops = std::min(slowest.upcastFlops, each.upcastFlops);
    }
    return slowest;
}

Status checkSamePlan(Collective& collective, const Plan& plan) {
    struct Program {
        int64_t microBatch, slices, vocabularyRows, chunkElements, rule, onDisk;
        double breakEven;
        bool operator==(const Program&) const = default;
    };
    const Program own{plan.microBatch,
                      plan.slices,
                      plan.placement.vocabularyRows,
                      plan.placement.chunkElements,
                      int64_t(plan.rule),
                      plan.stateOnDisk ? 1 : 0,
                      plan.breakEven};
    GSST_ASSIGN(const std::vector<Program> all, gatherValues(collective, Channel::Steps, own));
    if (std::count(all.begin(), all.end(), own) == std::ptrdiff_t(all.size()))
        return {};
    return Error{ErrorCode::Internal, "The ranks made different plans", "", "with the same limits and rates",
                 "Please report this as a defect"};
}

}  // namespace gsst
