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

Status takeOverReplan(OpenRun& run) {
    std::vector<Replan>& replans = run.record.replans;
    const Replan own = replans.empty() ? Replan{} : replans.back();
    GSST_ASSIGN(const std::vector<Replan> all, gatherValues(*run.collective, Channel::Steps, own));
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

Status meetOthers(OpenRun& run, const EventSink& sink, std::stop_token stop) {
    const ProcessRank& place = run.place;
    if (place.ranks == 1)
        return {};
    sink(LogLine{LogLine::Level::Info, "Rank " + std::to_string(place.rank) + " of " + std::to_string(place.ranks) +
                                           ", run folder " + run.folder.root.string() + ", waits for the others at " +
                                           place.masterAddress + ":" + std::to_string(place.masterPort)});
    GSST_ASSIGN(TensorLibrary * tensors, tensorLibrary());
    GSST_ASSIGN(run.collective, tensors->connectRanks(place, {}, {}, std::move(stop)));
    GSST_TRY(takeOverReplan(run));
    GSST_ASSIGN(const std::vector<Hash128> recipes,
                gatherValues(*run.collective, Channel::Steps, fingerprintOf(run.record.spec)));
    for (size_t rank = 1; rank < recipes.size(); ++rank)
        if (recipes[rank] != recipes[0])
            return Error{ErrorCode::InvalidInput, "The ranks do not train the same run", "rank " + std::to_string(rank),
                         "its model, recipe, number of steps or version of the program is not that of rank 0; nothing "
                         "was changed",
                         "Start all ranks with the same options and the same version"};
    sink(LogLine{LogLine::Level::Info, "All " + std::to_string(place.ranks) + " ranks are there"});
    return {};
}

namespace {

/// Of limits, where 0 is none.
void keepLeast(int64_t& limit, int64_t other) {
    if (other > 0 && (limit == 0 || other < limit))
        limit = other;
}

void keepSlowest(HardwareProfile& all, const HardwareProfile& other) {
    ComputeRates& rates = all.compute;
    for (double ComputeRates::* rate :
         {&ComputeRates::forwardFlops, &ComputeRates::backwardFlops, &ComputeRates::keptBackwardFlops,
          &ComputeRates::headFlops, &ComputeRates::updateBytes, &ComputeRates::copyBytes, &ComputeRates::linkBytes})
        rates.*rate = std::min(rates.*rate, other.compute.*rate);
    for (double HardwareProfile::* rate : {&HardwareProfile::readBytesPerSecond, &HardwareProfile::writeBytesPerSecond})
        all.*rate = std::min(all.*rate, other.*rate);
    for (double HardwareProfile::* seconds : {&HardwareProfile::secondsPerOp, &HardwareProfile::secondsPerCommit})
        all.*seconds = std::max(all.*seconds, other.*seconds);
    all.driveMeasured = all.driveMeasured && other.driveMeasured;
}

}  // namespace

Result<Means> shareMeans(Collective* collective, const Means& own) {
    if (!collective)
        return own;
    Means mine = own;
    mine.budget.deviceBytes = deviceLimitOf(own.budget, own.limits);
    mine.budget.ramBytes = ramLimitOf(own.budget, own.limits);
    GSST_ASSIGN(const std::vector<Means> all, gatherValues(*collective, Channel::Steps, mine));
    Means common = all.front();
    for (const Means& each : all) {
        keepLeast(common.budget.deviceBytes, each.budget.deviceBytes);
        keepLeast(common.budget.ramBytes, each.budget.ramBytes);
        keepLeast(common.budget.diskBytes, each.budget.diskBytes);
        keepLeast(common.limits.diskBytes, each.limits.diskBytes);
        common.limits.programBytes = std::max(common.limits.programBytes, each.limits.programBytes);
        if (each.budget.residency == ResidencyChoice::Disk)
            common.budget.residency = ResidencyChoice::Disk;
        keepSlowest(common.hardware, each.hardware);
    }
    return common;
}

Result<ProductRates> shareProductRates(Collective* collective, const ProductRates& own) {
    if (!collective)
        return own;
    GSST_ASSIGN(const std::vector<ProductRates> all, gatherValues(*collective, Channel::Steps, own));
    ProductRates slowest = own;
    for (const ProductRates& each : all) {
        slowest.nativeFlops = std::min(slowest.nativeFlops, each.nativeFlops);
        slowest.upcastFlops = std::min(slowest.upcastFlops, each.upcastFlops);
    }
    return slowest;
}

Status checkSamePlan(Collective* collective, const Plan& plan) {
    if (!collective)
        return {};
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
    GSST_ASSIGN(const std::vector<Program> all, gatherValues(*collective, Channel::Steps, own));
    if (std::count(all.begin(), all.end(), own) == std::ptrdiff_t(all.size()))
        return {};
    return Error{ErrorCode::Internal, "The ranks made different plans", "", "with the same limits and rates",
                 "Please report this as a defect"};
}

}  // namespace gsst
