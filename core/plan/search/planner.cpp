// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/search/planner.h"

#include "base/round_up.h"
#include "base/units.h"
#include "plan/search/placement_search.h"
#include "plan/search/plan_sizes.h"
#include "spec/state_format.h"

#include <algorithm>
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
        : m_spec(spec), m_table(table), m_hardware(hardware),
          m_format(table, spec.training.state, plannedShard(spec.training, limits.ranks)), m_limits(limits),
          m_search(spec, table, m_format, m_limits) {
        m_wanted.keepsActivations = spec.budget.activations == ActivationChoice::Auto;
    }

    Result<Plan> choose(const MachineLimits& machine);
    int64_t smallestDevice() { return m_search.smallestDevice(); }

private:
    std::optional<Plan> search(bool allInRam);
    std::optional<Plan> withRows(int64_t vocabularyRows);
    bool factorIsKnown() const;
    UpdateChoice updateChoice() const;
    std::optional<Plan> speculative();
    std::optional<Plan> onDisk();
    std::optional<Plan> onDiskEitherWay();
    void chooseRule(Plan& plan);
    SimulatedCost simulated(const Plan& plan, bool updating, BackwardUpdate update);
    void simulateResident(Plan& plan);
    int64_t diskBytesOf(const Plan& plan) const;
    Error deviceError();
    Error ramError() const;

    const RunSpec& m_spec;
    const TensorTable& m_table;
    const HardwareProfile& m_hardware;
    const StateFormat m_format;
    const SearchLimits m_limits;
    PlacementSearch m_search;
    WantedPlacement m_wanted;  ///< of the plans that are tried now
};

std::optional<Plan> Planner::search(bool allInRam) {
    m_wanted.allInRam = allInRam;
    return m_search.find(m_wanted);
}

/// Steady state: the third step of its kind in a row.
SimulatedCost Planner::simulated(const Plan& plan, bool updating, BackwardUpdate update) {
    const TrainSpec training = m_search.trainingOf(plan);
    const ProgramBuilder builder(m_table, m_format, training, plan.placement);
    const StepProgram step = builder.build({ProgramKind::Step, updating, update});
    if (update == BackwardUpdate::None || updating)
        return simulate({&step, &step, &step}, m_hardware, plan.ringBytes);
    const StepProgram commit = builder.build({ProgramKind::Commit, false, BackwardUpdate::None});
    return simulate({&step, &commit, &step, &commit, &step}, m_hardware, plan.ringBytes);
}

/// Clipping whose factor is known before the backward sweep: no guess can be wrong, so no gradient need be stored.
bool Planner::factorIsKnown() const {
    return m_spec.training.clip != ClipKind::Global || m_spec.training.clipNorm <= 0;
}

/// The factor of a unit that is cut is known when all its slices have had their turn, too late for an update in the
/// backward sweep.
UpdateChoice Planner::updateChoice() const {
    const bool mustDefer =
        m_wanted.vocabularyRows > 0 && m_spec.training.clip == ClipKind::PerUnit && m_spec.training.clipNorm > 0;
    return mustDefer ? UpdateChoice::Deferred : m_spec.budget.update;
}

/// State on disk, updated in the backward sweep without a stored gradient: a wrong guess repeats the step.
std::optional<Plan> Planner::speculative() {
    m_wanted.storesGradients = false;
    std::optional<Plan> plan = search(false);
    m_wanted.storesGradients = true;
    if (plan) {
        *plan = m_search.keepEmbeddingWeights(*plan);
        plan->rule = UpdateRule::Speculative;
        plan->step = simulated(*plan, false, BackwardUpdate::Speculative);
    }
    return plan;
}

/// State on disk, with stored gradients unless it is faster without.
std::optional<Plan> Planner::onDisk() {
    const UpdateChoice choice = updateChoice();
    std::optional<Plan> early;
    if (choice == UpdateChoice::Speculative || (choice == UpdateChoice::Auto && factorIsKnown()))
        early = speculative();
    if (choice == UpdateChoice::Speculative)
        return early;
    std::optional<Plan> plan = search(false);
    if (!plan)
        return early;
    chooseRule(*plan);
    // Where the factor is known ahead, how often steps clip says nothing about how often a guess is wrong: never.
    return early && (plan->rule == UpdateRule::Adaptive || isBetter(early->step, plan->step)) ? early : plan;
}

/// Memory that keeps activations may have a better use when the drive is what a step waits for.
std::optional<Plan> Planner::onDiskEitherWay() {
    std::optional<Plan> plan = onDisk();
    if (!plan || !keepsAny(*plan))
        return plan;
    m_wanted.keepsActivations = false;
    std::optional<Plan> other = onDisk();
    m_wanted.keepsActivations = true;
    if (!other || !isBetter(other->step, plan->step))
        return plan;
    other->recomputesByChoice = true;
    return other;
}

/// Deferred is always exact and never wrong; insured updates move less at once, when the arithmetic does not hide the
/// disk.
void Planner::chooseRule(Plan& plan) {
    const SimulatedCost deferred = simulated(plan, true, BackwardUpdate::None);
    const UpdateChoice choice = updateChoice();
    plan.rule = UpdateRule::Deferred;
    plan.step = deferred;
    // What waits for nothing cannot get faster by updating at another time.
    const bool waits = deferred.readWaitSeconds + deferred.writeWaitSeconds + deferred.linkWaitSeconds >
                       (1 - kTieThreshold) * deferred.seconds;
    if (choice == UpdateChoice::Deferred || (choice == UpdateChoice::Auto && !waits))
        return;
    Plan earlyPlan = m_search.keepEmbeddingWeights(plan);
    const SimulatedCost early = simulated(earlyPlan, false, BackwardUpdate::Insured);
    if (choice == UpdateChoice::Auto && early.seconds > kTieThreshold * deferred.seconds)
        return;
    plan = std::move(earlyPlan);
    plan.step = early;
    plan.rule = choice == UpdateChoice::Insured ? UpdateRule::Insured : UpdateRule::Adaptive;
    // What a wrong guess adds: the update moves into the next forward sweep after all.
    const double extra = simulated(plan, true, BackwardUpdate::Insured).seconds - early.seconds;
    plan.breakEven = extra > 0 ? std::clamp((deferred.seconds - early.seconds) / extra, 0.0, 1.0) : 1.0;
}

int64_t Planner::diskBytesOf(const Plan& plan) const {
    return slotBytes(m_format) + gradientFileBytes(m_table, m_format, plan) + tiedGradientFileBytes(m_table, plan) +
           boundaryFileBytes(m_table, m_search.trainingOf(plan), plan);
}

void Planner::simulateResident(Plan& plan) {
    const TrainSpec training = m_search.trainingOf(plan);
    const ProgramBuilder builder(m_table, m_format, training, plan.placement);
    const StepProgram step = builder.build({ProgramKind::Step, false, BackwardUpdate::None});
    const StepProgram update = builder.build({ProgramKind::UpdateOnly, false, BackwardUpdate::None});
    plan.step = simulate({&update, &step}, m_hardware, plan.ringBytes);
    const SimulatedCost updating = simulate({&step, &update}, m_hardware, plan.ringBytes);
    plan.step.seconds += updating.seconds;
    plan.step.computeSeconds += updating.computeSeconds;
}

std::optional<Plan> Planner::withRows(int64_t vocabularyRows) {
    m_wanted.vocabularyRows = vocabularyRows;
    std::optional<Plan> plan;
    if (m_limits.device > 0 && m_search.leastPeak(vocabularyRows) > m_limits.device)
        return plan;
    if (m_spec.budget.residency != ResidencyChoice::Disk)
        plan = search(true);
    if (!plan && m_spec.budget.residency != ResidencyChoice::Resident)
        plan = onDiskEitherWay();
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

Result<Plan> Planner::choose(const MachineLimits& machine) {
    const Budget& budget = m_spec.budget;
    std::optional<Plan> plan;
    for (int64_t rows : vocabularyRowsToTry(m_spec.model, m_spec.training))
        if (plan = withRows(rows); plan)
            break;
    if (!plan)
        return m_limits.device > 0 && smallestDevice() > m_limits.device ? deviceError() : ramError();
    if (!plan->stateOnDisk)
        simulateResident(*plan);
    plan->diskBytes = diskBytesOf(*plan);
    const int64_t diskLimit = budget.diskBytes > 0 ? budget.diskBytes : machine.diskBytes;
    if (diskLimit > 0 && plan->diskBytes > diskLimit && plan->stateOnDisk && updateChoice() == UpdateChoice::Auto) {
        // Without stored gradients a wrong guess costs a step instead of an update, but there is less to store.
        if (auto smaller = speculative(); smaller && diskBytesOf(*smaller) < plan->diskBytes) {
            plan = smaller;
            plan->diskBytes = diskBytesOf(*plan);
        }
    }
    plan->deviceLimit = m_limits.device;
    plan->ramLimit = m_limits.ram;
    if (diskLimit > 0 && plan->diskBytes > diskLimit) {
        const bool ofBudget = budget.diskBytes > 0;
        return Error{ofBudget ? ErrorCode::OverBudget : ErrorCode::NoSpace,
                     ofBudget ? "This run does not fit the disk limit"
                              : "The disk has too little free space for this run",
                     "", "the run needs " + formatBytes(plan->diskBytes) + " and has " + formatBytes(diskLimit),
                     ofBudget ? "Raise the disk limit, or choose a smaller model"
                              : "Free some space, put the run on another disk, or choose a smaller model"};
    }
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
