// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/replan.h"

#include "base/round_up.h"
#include "base/units.h"
#include "plan/search/placement_search.h"

#include <algorithm>
#include <vector>

namespace gsst {
namespace {

/// What is left of a plan's peak when no smaller micro-batch makes it smaller.
constexpr double kNextPeak = 0.9;

std::string size(int64_t bytes) {
    return formatBytes(uint64_t(std::max<int64_t>(0, bytes)));
}

/// The smaller of two limits, of which 0 is none.
int64_t lowerOf(int64_t one, int64_t other) {
    return one == 0 || other == 0 ? std::max(one, other) : std::min(one, other);
}

/// How much more a plan took than it predicted, as far as is known; 1 if its memory was there, but not for it.
double excessOf(const Shortage& shortage, int64_t predicted) {
    return std::max(1.0, double(shortage.wanted) / double(std::max<int64_t>(1, predicted)));
}

/// Peaks to plan for, best first. The first expects the next prediction to be as wrong as the last one; the others hope
/// that it is not.
std::vector<int64_t> peaksToTry(const Shortage& shortage, int64_t predicted, bool halves) {
    const int64_t most = halves ? predicted - 1 : int64_t(kNextPeak * double(predicted));
    const auto careful = int64_t(double(shortage.there) / excessOf(shortage, predicted));
    std::vector<int64_t> peaks;
    for (int64_t peak : {std::min(most, careful), std::min(most, shortage.there)})
        if (peak > 0 && (peaks.empty() || peak != peaks.back()))
            peaks.push_back(peak);
    return peaks;
}

/// A plan counts more than the pool of RAM does, so that what the pool had is no measure for it. The program itself
/// cannot shrink.
int64_t nextRamPeak(const Plan& plan) {
    return plan.programBytes + int64_t(kNextPeak * double(plan.ramPeak - plan.programBytes));
}

Error nothingSmaller(const PreparedRun& run, const RunSpec& spec, const Shortage& shortage, const Error& why) {
    Error error{ErrorCode::OutOfMemory, "", run.folder.root.string(),
                size(shortage.wanted) + " were wanted and " + size(shortage.there) + " there; ", ""};
    if (shortage.tier == Tier::Ram) {
        error.what = "The run is out of memory (RAM), and no plan with less is left";
        error.why += why.why;
        error.todo = "Close other programs and resume the run, or start it again with more RAM (--ram)";
        return error;
    }
    const double excess = excessOf(shortage, run.planned.plan.devicePeak);
    const int64_t least = roundUp(int64_t(excess * double(smallestDeviceLimit(spec, *run.table))), 1 << 20);
    error.what = "The run is out of device memory, and no smaller plan is left";
    error.why += "even the finest slicing with one sequence at a time needs about " + size(least);
    error.todo = std::string("Close programs that use this memory and resume the run; if there is no more of it, start "
                             "again with a smaller model or shorter ")
                     .append("sequences, or with at least --vram ")
                     .append(std::to_string(least >> 20))
                     .append("MiB");
    return error;
}

}  // namespace

Result<Plan> planWithin(const MemoryCeilings& ceilings, const PlanBasis& basis) {
    const int64_t deviceLimit = deviceLimitOf(basis.spec.budget, basis.machine);
    const int64_t ramLimit = ramLimitOf(basis.spec.budget, basis.machine);
    RunSpec spec = basis.spec;
    spec.budget.deviceBytes = lowerOf(deviceLimit, ceilings.deviceBytes);
    spec.budget.ramBytes = ramLimit;
    // Without a limit of its own the device's memory is the machine's, and both together have to fit.
    if (deviceLimit == 0 && ramLimit > 0 && ceilings.deviceBytes > 0)
        spec.budget.ramBytes = std::max<int64_t>(1, ramLimit - ceilings.deviceBytes);
    spec.budget.ramBytes = lowerOf(spec.budget.ramBytes, ceilings.ramBytes);
    GSST_ASSIGN(Plan plan, makePlan(spec, basis.table, basis.hardware, basis.machine));
    plan.deviceLimit = deviceLimit;
    plan.ramLimit = ramLimit;
    return plan;
}

Result<SmallerPlan> planSmaller(const PreparedRun& run, const Shortage& shortage) {
    const bool ofDevice = shortage.tier == Tier::Device;
    const int64_t microBatch = run.record.spec.training.microBatch;
    const bool halves = ofDevice && microBatch > 1;
    RunSpec spec = run.planned.part;
    if (halves)
        spec.training.microBatch = microBatchesToTry(spec.training)[1];
    Error last;
    const std::vector<int64_t> peaks = ofDevice ? peaksToTry(shortage, run.planned.plan.devicePeak, halves)
                                                : std::vector<int64_t>{nextRamPeak(run.planned.plan)};
    for (int64_t peak : peaks) {
        MemoryCeilings ceilings = run.record.ceilings();
        int64_t& ceiling = ofDevice ? ceilings.deviceBytes : ceilings.ramBytes;
        ceiling = lowerOf(ceiling, peak);
        auto plan = planWithin(ceilings, {spec, *run.table, run.planned.hardware, run.planned.limits});
        if (plan.ok())
            return SmallerPlan{*std::move(plan), ceilings};
        last = plan.error();
    }
    return nothingSmaller(run, spec, shortage, last);
}

void noteReplan(PreparedRun& run, const MemoryCeilings& ceilings) {
    RunRecord& record = run.record;
    Replan replan{0, run.planned.plan.microBatch, record.spec.training.microBatch, ceilings};
    // One that no step was computed with is no part of the history.
    if (!record.replans.empty() && record.replans.back().firstStep == 0) {
        replan.microBatchBefore = record.replans.back().microBatchBefore;
        record.replans.pop_back();
    }
    record.replans.push_back(replan);
    record.spec.training.microBatch = run.planned.plan.microBatch;
    run.recordChanged = true;
}

bool dateReplans(RunRecord& record, int64_t step) {
    bool changed = false;
    for (Replan& replan : record.replans)
        if (replan.firstStep == 0 || replan.firstStep > step + 1) {
            replan.firstStep = step + 1;
            changed = true;
        }
    return changed;
}

std::string sentenceOf(const GivenUp& step, const Plan& before, const Plan& after) {
    const bool ofDevice = step.shortage.tier == Tier::Device;
    std::string text = step.rank ? "Rank " + std::to_string(*step.rank) + " is out of " : "Out of ";
    text += ofDevice ? "device memory: " : "memory (RAM): ";
    text += size(step.shortage.wanted) + " wanted, " + size(step.shortage.there) + " there";
    text += step.cause.empty() ? ". " : " (" + step.cause + "). ";
    text += step.rank ? "All ranks go on " : "The run goes on ";
    text += step.lastStep ? "after step " + std::to_string(*step.lastStep) + " with " : "with ";
    if (after.microBatch != before.microBatch)
        text += "micro-batches of " + std::to_string(after.microBatch) + " instead of " +
                std::to_string(before.microBatch) + " sequences and ";
    const int64_t peak = ofDevice ? after.devicePeak : after.ramPeak;
    const int64_t peakBefore = ofDevice ? before.devicePeak : before.ramPeak;
    text += size(peak) + " instead of " + size(peakBefore) + "; a step takes about " +
            formatSeconds(after.step.seconds) + " instead of " + formatSeconds(before.step.seconds);
    if (after.microBatch != before.microBatch)
        text += ". Tokens per step stay the same, and so do the results up to the order of sums";
    return text;
}

}  // namespace gsst
