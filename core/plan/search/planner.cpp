// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/search/planner.h"

#include "base/round_up.h"
#include "base/units.h"
#include "plan/search/placement_search.h"
#include "spec/state_format.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace gsst {
namespace {

constexpr double kTieThreshold = 0.98;  ///< what differs by less is the same

/// Less time; or, in about the same time, less to write.
bool isBetter(const SimulatedCost& one, const SimulatedCost& other) {
    return one.seconds < kTieThreshold * other.seconds ||
           (kTieThreshold * one.seconds < other.seconds &&
            double(one.writtenBytes) < kTieThreshold * double(other.writtenBytes));
}

bool keepsAny(const Plan& plan) {
    return std::any_of(plan.placement.slices.begin(), plan.placement.slices.end(),
                       [](const SliceResidency& each) { return each.keepsActivations; });
}

class Planner {
public:
    Planner(const RunSpec& spec, const TensorTable& table, const HardwareProfile& hardware, const SearchLimits& limits)
        : m_spec(spec), m_hardware(hardware), m_limits(limits),
          m_search(spec, table,
                   std::make_shared<const StateFormat>(table, spec.training.state,
                                                       optimizerSpec(spec.training.optimizer),
                                                       plannedShard(spec.training, limits.ranks)),
                   limits) {}

    Result<Plan> choose(const MachineLimits& machine);
    int64_t smallestDevice() { return m_search.smallestDevice(); }

private:
    WantedPlacement wantedWith(int64_t vocabularyRows) const;
    std::optional<Plan> withRows(int64_t vocabularyRows);
    bool factorIsKnown() const;
    UpdateChoice updateChoice(int64_t vocabularyRows) const;
    std::optional<Plan> speculative(WantedPlacement wanted);
    std::optional<Plan> onDisk(const WantedPlacement& wanted);
    std::optional<Plan> onDiskEitherWay(const WantedPlacement& wanted);
    std::optional<Plan> inRam(WantedPlacement wanted);
    void chooseRule(Plan& plan, UpdateChoice choice);
    SimulatedCost simulated(const Plan& plan, UpdateRule rule) const;
    int64_t diskBytesOf(const Plan& plan) const { return m_search.compiled(plan).diskBytes(); }
    void storeLess(Plan& plan, int64_t diskLimit);
    Error deviceError();
    Error ramError() const;
    Error diskError(const Plan& plan, int64_t limit) const;

    const RunSpec& m_spec;
    const HardwareProfile& m_hardware;
    const SearchLimits m_limits;
    PlacementSearch m_search;
};

SimulatedCost Planner::simulated(const Plan& plan, UpdateRule rule) const {
    const CompiledPlan compiled = m_search.compiled(plan);
    return simulateStep(compiled.stepPrograms(backwardUpdateOf(rule)), m_hardware, plan.ringBytes);
}

/// Clipping whose factor is known before the backward sweep: no guess can be wrong, so no gradient need be stored.
bool Planner::factorIsKnown() const {
    return m_spec.training.clip != ClipKind::Global || m_spec.training.clipNorm <= 0;
}

/// The factor of a unit that is cut is known when all its slices have had their turn, too late for an update in the
/// backward sweep.
UpdateChoice Planner::updateChoice(int64_t vocabularyRows) const {
    const bool mustDefer =
        vocabularyRows > 0 && m_spec.training.clip == ClipKind::PerUnit && m_spec.training.clipNorm > 0;
    return mustDefer ? UpdateChoice::Deferred : m_spec.budget.update;
}

/// State on disk, updated in the backward sweep without a stored gradient: a wrong guess repeats the step.
std::optional<Plan> Planner::speculative(WantedPlacement wanted) {
    wanted.storesGradients = false;
    std::optional<Plan> plan = m_search.find(wanted);
    if (plan) {
        *plan = m_search.keepEmbeddingWeights(*plan);
        plan->rule = UpdateRule::Speculative;
        plan->step = simulated(*plan, plan->rule);
    }
    return plan;
}

/// State on disk, with stored gradients unless it is faster without.
std::optional<Plan> Planner::onDisk(const WantedPlacement& wanted) {
    const UpdateChoice choice = updateChoice(wanted.vocabularyRows);
    std::optional<Plan> early;
    if (choice == UpdateChoice::Speculative || (choice == UpdateChoice::Auto && factorIsKnown()))
        early = speculative(wanted);
    if (choice == UpdateChoice::Speculative)
        return early;
    std::optional<Plan> plan = m_search.find(wanted);
    if (!plan)
        return early;
    chooseRule(*plan, choice);
    // Where the factor is known ahead, how often steps clip says nothing about how often a guess is wrong: never.
    return early && (plan->rule == UpdateRule::Adaptive || isBetter(early->step, plan->step)) ? early : plan;
}

/// Memory that keeps activations may have a better use when the drive is what a step waits for.
std::optional<Plan> Planner::onDiskEitherWay(const WantedPlacement& wanted) {
    std::optional<Plan> plan = onDisk(wanted);
    if (!plan || !keepsAny(*plan))
        return plan;
    WantedPlacement recomputing = wanted;
    recomputing.keepsActivations = false;
    std::optional<Plan> other = onDisk(recomputing);
    if (!other || !isBetter(other->step, plan->step))
        return plan;
    other->recomputesByChoice = true;
    return other;
}

std::optional<Plan> Planner::inRam(WantedPlacement wanted) {
    wanted.allInRam = true;
    std::optional<Plan> plan = m_search.find(wanted);
    if (plan)
        plan->step = simulated(*plan, plan->rule);
    return plan;
}

/// Deferred is always exact and never wrong; insured updates move less at once, when the arithmetic does not hide the
/// disk.
void Planner::chooseRule(Plan& plan, UpdateChoice choice) {
    const SimulatedCost deferred = simulated(plan, UpdateRule::Deferred);
    plan.rule = UpdateRule::Deferred;
    plan.step = deferred;
    // What waits for nothing cannot get faster by updating at another time.
    const bool waits = deferred.readWaitSeconds + deferred.writeWaitSeconds + deferred.linkWaitSeconds >
                       (1 - kTieThreshold) * deferred.seconds;
    if (choice == UpdateChoice::Deferred || (choice == UpdateChoice::Auto && !waits))
        return;
    Plan earlyPlan = m_search.keepEmbeddingWeights(plan);
    const SimulatedCost early = simulated(earlyPlan, UpdateRule::Insured);
    if (choice == UpdateChoice::Auto && early.seconds > kTieThreshold * deferred.seconds)
        return;
    plan = std::move(earlyPlan);
    plan.step = early;
    plan.rule = choice == UpdateChoice::Insured ? UpdateRule::Insured : UpdateRule::Adaptive;
    // What a wrong guess adds: the update moves into the next forward sweep after all.
    const CompiledPlan compiled = m_search.compiled(plan);
    const auto afterWrongGuess = compiled.program(stepVariant(true, BackwardUpdate::Insured));
    const double extra = simulateStep({afterWrongGuess.get()}, m_hardware, plan.ringBytes).seconds - early.seconds;
    plan.breakEven = extra > 0 ? std::clamp((deferred.seconds - early.seconds) / extra, 0.0, 1.0) : 1.0;
}

WantedPlacement Planner::wantedWith(int64_t vocabularyRows) const {
    WantedPlacement wanted;
    wanted.keepsActivations = m_spec.budget.activations == ActivationChoice::Auto;
    wanted.vocabularyRows = vocabularyRows;
    return wanted;
}

std::optional<Plan> Planner::withRows(int64_t vocabularyRows) {
    std::optional<Plan> plan;
    if (m_limits.device > 0 && m_search.leastPeak(vocabularyRows) > m_limits.device)
        return plan;
    const WantedPlacement wanted = wantedWith(vocabularyRows);
    if (m_spec.budget.residency != ResidencyChoice::Disk)
        plan = inRam(wanted);
    if (!plan && m_spec.budget.residency != ResidencyChoice::Resident)
        plan = onDiskEitherWay(wanted);
    return plan;
}

Error Planner::deviceError() {
    const int64_t least = smallestDevice();
    return {ErrorCode::OverBudget, "This model does not fit the device memory limit", "",
            "the limit is " + formatBytes(m_limits.device) +
                ", and even the finest slicing with one sequence at a time needs " + formatBytes(least),
            "Allow at least " + formatBytes(roundUp(least, 1 << 20)) + " (--vram " +
                std::to_string(roundUp(least, 1 << 20) >> 20) +
                "MiB), or choose a smaller model or a shorter sequence"};
}

Error Planner::ramError() const {
    return {ErrorCode::OverBudget, "This run does not fit the memory (RAM) limit", "",
            "the limit is " + formatBytes(m_limits.ram) + ", needed are at least " + formatBytes(m_search.leastRam()),
            m_spec.budget.residency == ResidencyChoice::Resident
                ? "Keep the state on disk (--residency disk), or raise the limit"
                : "Raise the RAM limit, or use fewer sequences a step"};
}

Error Planner::diskError(const Plan& plan, int64_t limit) const {
    const bool ofBudget = m_spec.budget.diskBytes > 0;
    return {ofBudget ? ErrorCode::OverBudget : ErrorCode::NoSpace,
            ofBudget ? "This run does not fit the disk limit" : "The disk has too little free space for this run", "",
            "the run needs " + formatBytes(plan.diskBytes) + " and has " + formatBytes(limit),
            ofBudget ? "Raise the disk limit, or choose a smaller model"
                     : "Free some space, put the run on another disk, or choose a smaller model"};
}

/// Without stored gradients a wrong guess costs a step instead of an update, but there is less to store.
void Planner::storeLess(Plan& plan, int64_t diskLimit) {
    const int64_t rows = plan.placement.vocabularyRows;
    if (diskLimit == 0 || plan.diskBytes <= diskLimit || !plan.stateOnDisk || updateChoice(rows) != UpdateChoice::Auto)
        return;
    auto smaller = speculative(wantedWith(rows));
    if (!smaller || diskBytesOf(*smaller) >= plan.diskBytes)
        return;
    plan = *std::move(smaller);
    plan.diskBytes = diskBytesOf(plan);
}

Result<Plan> Planner::choose(const MachineLimits& machine) {
    std::optional<Plan> plan;
    for (int64_t rows : vocabularyRowsToTry(m_spec.model, m_spec.training))
        if (plan = withRows(rows); plan)
            break;
    if (!plan)
        return m_limits.device > 0 && smallestDevice() > m_limits.device ? deviceError() : ramError();
    plan->diskBytes = diskBytesOf(*plan);
    const int64_t diskLimit = m_spec.budget.diskBytes > 0 ? m_spec.budget.diskBytes : machine.diskBytes;
    storeLess(*plan, diskLimit);
    plan->deviceLimit = m_limits.device;
    plan->ramLimit = m_limits.ram;
    if (diskLimit > 0 && plan->diskBytes > diskLimit)
        return diskError(*plan, diskLimit);
    return *std::move(plan);
}

}  // namespace

Result<Plan> makePlan(const RunSpec& spec, const TensorTable& table, const HardwareProfile& hardware,
                      const MachineLimits& machine) {
    SearchLimits limits;
    limits.device = deviceLimitOf(spec.budget, machine);
    limits.ram = ramLimitOf(spec.budget, machine);
    limits.program = machine.programBytes;
    limits.ranks = machine.ranks;
    return Planner(spec, table, hardware, limits).choose(machine);
}

int64_t smallestDeviceLimit(const RunSpec& spec, const TensorTable& table) {
    return Planner(spec, table, {}, {}).smallestDevice();
}

}  // namespace gsst
