// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/plan_run.h"

#include "base/usable_cores.h"
#include "machine/machine.h"
#include "train/rank_rendezvous.h"
#include "train/replan.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace gsst {
namespace {

/// Bytes a second between processes of one computer: careful, not measured.
constexpr double kLoopbackBytes = 1e9;

/// Held while processes of one training on this computer measure it, each disturbed by the others.
std::unique_ptr<MachineInUse> disturbedBy(const ProcessRank& place) {
    return place.ranksHere > 1 ? std::make_unique<MachineInUse>() : nullptr;
}

/// This process's part of what the machine has.
PlanMeans ownMeans(const Machine& machine, const RunSpec& part, MachineLimits limits, const ProcessRank& place) {
    PlanMeans means{part.budget, machine.profile, limits};
    if (place.ranksHere == place.ranks)
        means.hardware.compute.linkBytes = kLoopbackBytes;
    means.limits.ranks = place.ranks;
    means.limits.ramBytes /= place.ranksHere;
    means.limits.diskBytes /= place.ranksHere;
    return means;
}

}  // namespace

void resolveThreads(RunSpec& spec, const ProcessRank& place) {
    if (spec.training.threads == 0)
        spec.training.threads = std::max(1, usableCores() / place.ranksHere);
}

Status resolveProductsTogether(FileSystem& files, PreparedRun& run, const EventSink& sink) {
    TrainSpec& training = run.record.spec.training;
    const bool left = leavesProductsOpen(training);
    const auto disturbed = disturbedBy(run.world->place());
    GSST_TRY(resolveProducts(
        training, [&] { return slowestProductRates(run.world->collective(), measureProducts(files, *run.backend)); }));
    if (left && productsOf(training) == Products::Upcast)
        sink(LogLine{LogLine::Level::Info, "Matrices in bf16 are multiplied in fp32, which is faster on this " +
                                               run.backend->title() + " and no less exact"});
    return {};
}

Status planRun(FileSystem& files, PreparedRun& run, const MachineLimits& limits, double driveBytesPerSecond) {
    const ProcessRank& place = run.world->place();
    GSST_ASSIGN(RunSpec part, partOf(run.record.spec, place.ranks));
    const auto disturbed = disturbedBy(place);
    Machine machine = measureMachine(files, *run.backend, run.folder.root, part, DriveProbe::Quick);
    machine.profile = withDriveAtMost(machine.profile, driveBytesPerSecond);
    run.engine = machine.engine;
    GSST_ASSIGN(const PlanMeans means, run.world->commonMeans(ownMeans(machine, part, limits, place)));
    part.budget = means.budget;
    RunPlan planned{std::move(part), means.hardware, means.limits, {}};
    const PlanBasis basis = planned.basis(*run.table);
    auto plan = planWithin(run.record.ceilings(), basis);
    if (!plan.ok() && run.record.ceilings() != MemoryCeilings{})
        plan = planWithin({}, basis);  // the machine has changed since; what was learnt of it may not hold any more
    GSST_TRY(plan);
    GSST_TRY(checkSamePlan(run.world->collective(), *plan));
    planned.adopt(*std::move(plan));
    planned.limits.diskBytes = 0;  // once the files of the run are there, free disk space is no limit for it any more
    run.planned = std::move(planned);
    return {};
}

}  // namespace gsst
