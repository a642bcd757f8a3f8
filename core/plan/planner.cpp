// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/planner.h"

#include "base/round_up.h"
#include "base/units.h"
#include "plan/host_pieces.h"
#include "plan/plan_sizes.h"
#include "plan/residency_search.h"
#include "spec/cost.h"
#include "spec/state_format.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace gsst {
namespace {

constexpr int64_t kLargestChunk = 4 << 20;
constexpr int64_t kSmallestChunk = kBlockElements;
constexpr int64_t kRingGroups = 4;        ///< chunks (state and gradient) that may be in flight
constexpr int64_t kSmallestRing = 64 << 10;
constexpr int64_t kSliceElements = 4 << 20;  ///< blocks of small models share a slice up to this size
constexpr double kWorthIt = 0.98;            ///< what differs by less is the same

/// Units a slice may have, best first: whole layers, several of them while they are small, then half a layer.
std::vector<int> unitsToTry(const TensorTable& table) {
    int units = 2;
    const auto elementsOf = [&](int count) { return elementsBefore(table, {1, count}, 1 + count); };
    while (units * 2 < table.headUnit() && elementsOf(units * 2) <= kSliceElements)
        units *= 2;
    std::vector<int> all;
    for (; units >= 1; units /= 2)
        all.push_back(units);
    return all;
}

/// Divisors of the recipe's micro-batch, largest first: any of them keeps the tokens per step.
std::vector<int64_t> microBatchesToTry(const TrainSpec& training) {
    std::vector<int64_t> sizes;
    for (int64_t size = training.microBatch; size >= 1; --size)
        if (training.microBatch % size == 0)
            sizes.push_back(size);
    return sizes;
}

/// Without a limit of its own the device's memory is the machine's: the CPU.
int64_t ramLeft(const Plan& plan, int64_t deviceLimit, int64_t ramLimit) {
    if (ramLimit == 0)
        return std::numeric_limits<int64_t>::max();
    return ramLimit - plan.ramPeak - (deviceLimit == 0 ? plan.devicePeak : 0);
}

/// Less time; or, in about the same time, less to write.
bool isBetter(const SimulatedCost& one, const SimulatedCost& other) {
    return one.seconds < kWorthIt * other.seconds ||
           (kWorthIt * one.seconds < other.seconds && double(one.writtenBytes) < kWorthIt * double(other.writtenBytes));
}

bool fits(const Plan& plan, int64_t deviceLimit, int64_t ramLimit) {
    return (deviceLimit == 0 || plan.devicePeak <= deviceLimit) && ramLeft(plan, deviceLimit, ramLimit) >= 0;
}

class Planner {
public:
    Planner(const RunSpec& spec, const TensorTable& table) : m_spec(spec), m_table(table), m_format(table, spec.training.state) {}

    Result<Plan> choose(const HardwareProfile& hardware, const MachineLimits& machine);
    int64_t smallestDevice();

private:
    struct Shape {
        int64_t microBatch = 1;
        int units = 2;
        Tier boundaries = Tier::Ram;
    };
    TrainSpec trainingOf(const Plan& plan) const;
    /// Peaks and sizes of a placement; nothing is judged.
    Plan measured(const Shape& shape, Placement placement, bool stateOnDisk, int64_t ramLimit);
    Plan streamed(const Shape& shape, int64_t deviceLimit, int64_t ramLimit);
    Plan resident(const Shape& shape, int64_t deviceLimit, int64_t ramLimit);
    Plan keepActivations(const Shape& shape, Plan plan, int64_t deviceLimit, int64_t ramLimit);
    Plan keepOnDevice(const Shape& shape, Plan plan, int64_t deviceLimit, int64_t ramLimit);
    std::optional<Plan> search(bool allInRam, int64_t deviceLimit, int64_t ramLimit);
    void chooseRule(Plan& plan, const HardwareProfile& hardware);
    int64_t diskBytesOf(const Plan& plan) const;
    bool factorIsKnown() const;
    std::optional<Plan> speculative(int64_t deviceLimit, int64_t ramLimit, const HardwareProfile& hardware);
    std::optional<Plan> onDisk(int64_t deviceLimit, int64_t ramLimit, const HardwareProfile& hardware);
    std::optional<Plan> onDiskEitherWay(int64_t deviceLimit, int64_t ramLimit, const HardwareProfile& hardware);
    SimulatedCost simulated(const Plan& plan, bool updating, BackwardUpdate update, const HardwareProfile& hardware);
    void simulateResident(Plan& plan, const HardwareProfile& hardware);
    RamWorth worth() const;
    Error deviceError(int64_t limit);

    const RunSpec& m_spec;
    const TensorTable& m_table;
    const StateFormat m_format;
    int64_t m_programBytes = 0;
    bool m_keepsActivations = true;  ///< of the plans that are tried now, as far as they fit
    bool m_storesGradients = true;  ///< of the plans that are tried now
    int64_t m_leastRam = 0;  ///< the least RAM any tried combination needs
};

TrainSpec Planner::trainingOf(const Plan& plan) const {
    TrainSpec training = m_spec.training;
    training.microBatch = plan.microBatch;
    return training;
}

Plan Planner::measured(const Shape& shape, Placement placement, bool stateOnDisk, int64_t ramLimit) {
    Plan plan;
    plan.microBatch = shape.microBatch;
    plan.placement = std::move(placement);
    plan.placement.unitsPerSlice = shape.units;
    plan.placement.boundaries = shape.boundaries;
    plan.placement.chunkElements = std::numeric_limits<int64_t>::max();  // peaks do not depend on it, and fewer ops are faster
    plan.stateOnDisk = stateOnDisk;
    const TrainSpec training = trainingOf(plan);
    const ProgramBuilder builder(m_table, m_format, training, plan.placement);
    const StepProgram step = builder.build({ProgramKind::Step, false, BackwardUpdate::None});
    const StepProgram evaluation = builder.buildEvaluation(step.microBatches);
    // The updating step holds the same buffers on the device. Gradients that are kept are there during an evaluation too.
    plan.devicePeak = std::max(devicePeakOf(step), devicePeakOf(evaluation) + keptBytesOf(step) - keptBytesOf(evaluation));
    plan.boundaryBytes = ramPeakOf(step);
    plan.residentBytes = hostBytesOf(m_table, m_format, builder.slices(), plan.placement);
    plan.slices = step.slices;
    const int64_t pieces = shape.boundaries == Tier::Disk ? kRingGroups * boundaryPlaceBytes(m_table.model(), training) : 0;
    const auto ringFor = [&](int64_t elements) {
        return stateOnDisk ? roundUp(kRingGroups * groupBytes(m_table, m_format, elements) + pieces, 4096) : roundUp(kSmallestRing + pieces, 4096);
    };
    plan.programBytes = m_programBytes;
    const int64_t fixedRam = plan.boundaryBytes + plan.residentBytes + plan.programBytes;
    int64_t chunk = kLargestChunk;
    while (ramLimit > 0 && chunk > kSmallestChunk && fixedRam + ringFor(chunk) > ramLimit)
        chunk /= 2;
    plan.placement.chunkElements = chunk;
    plan.ringBytes = ringFor(chunk);
    const int64_t ahead = plan.ringBytes + readAheadBytes(m_table, m_format, ramLimit);
    if (stateOnDisk && (ramLimit == 0 || fixedRam + ahead <= ramLimit))
        plan.ringBytes = ahead;
    plan.ramPeak = fixedRam + plan.ringBytes;
    return plan;
}

/// What a byte of RAM saves. Both sweeps read what weights are made from; speculative updates store no gradient.
RamWorth Planner::worth() const {
    RamWorth worth;
    const bool automatic = m_spec.budget.residency == ResidencyChoice::Auto;
    worth.weights = automatic ? 2 : 0;
    worth.moments = automatic ? 1 : 0;
    worth.remainder = m_format.weightsNeed(StateKind::Lo, m_spec.training.precision) ? worth.weights : worth.moments;
    worth.gradient = m_spec.budget.gradients == GradientChoice::Disk || !m_storesGradients ? 0 : 2;
    return worth;
}

Plan Planner::streamed(const Shape& shape, int64_t deviceLimit, int64_t ramLimit) {
    Plan plan = measured(shape, streamedPlacement(), true, ramLimit);
    if (!fits(plan, deviceLimit, ramLimit))
        return plan;
    plan = keepActivations(shape, plan, deviceLimit, ramLimit);
    Placement filled = plan.placement;
    fillRam(filled, m_table, m_format, makeSlicing(m_table, shape.units), worth(), ramLeft(plan, deviceLimit, ramLimit));
    plan = measured(shape, filled, true, ramLimit);
    return m_spec.budget.residency == ResidencyChoice::Disk ? plan : keepOnDevice(shape, plan, deviceLimit, ramLimit);
}

Plan Planner::resident(const Shape& shape, int64_t deviceLimit, int64_t ramLimit) {
    Placement placement;
    placement.everywhere = {Tier::Ram, Tier::Ram, Tier::Ram, Tier::Ram};
    placement.slices.assign(makeSlicing(m_table, shape.units).size(), placement.everywhere);
    const Plan plan = keepActivations(shape, measured(shape, placement, false, ramLimit), deviceLimit, ramLimit);
    return keepOnDevice(shape, plan, deviceLimit, ramLimit);
}

/// As many slices as the device's memory allows keep what their forward pass computed. All of it is there at the head, so it does
/// not matter which; the last are needed again first.
Plan Planner::keepActivations(const Shape& shape, Plan plan, int64_t deviceLimit, int64_t ramLimit) {
    if (!m_keepsActivations || !fits(plan, deviceLimit, ramLimit))
        return plan;
    const auto keeping = [&](int count) {
        Placement placement = plan.placement;
        placement.slices.resize(size_t(plan.slices), placement.everywhere);
        for (int slice = plan.slices - 1 - count; slice < plan.slices - 1; ++slice)
            placement.slices[size_t(slice)].keepsActivations = true;
        return measured(shape, placement, plan.stateOnDisk, ramLimit);
    };
    int known = 0, tooMany = plan.slices - 2;  // the embedding and the head have nothing to keep
    if (Plan all = keeping(tooMany); fits(all, deviceLimit, ramLimit))
        return all;
    while (known + 1 < tooMany) {
        const int count = (known + tooMany) / 2;
        (fits(keeping(count), deviceLimit, ramLimit) ? known : tooMany) = count;
    }
    return known > 0 ? keeping(known) : plan;
}

/// Weights and gradients that fit the device stay there: nothing has to be copied.
Plan Planner::keepOnDevice(const Shape& shape, Plan plan, int64_t deviceLimit, int64_t ramLimit) {
    const int64_t room = deviceLimit > 0 ? deviceLimit - plan.devicePeak : ramLeft(plan, deviceLimit, ramLimit);
    if (room <= 0)
        return plan;
    const auto slices = makeSlicing(m_table, shape.units);
    int64_t left = room;
    Placement kept = plan.placement;
    const auto keep = [&](Tier SliceResidency::*kind, int64_t bytesPerElement) {
        for (size_t slice = 0; slice < slices.size() && slice < kept.slices.size(); ++slice) {
            const int64_t bytes = sliceElements(m_table, slices[slice]) * bytesPerElement;
            if (kept.slices[slice].*kind != Tier::Ram || bytes > left)
                continue;
            kept.slices[slice].*kind = Tier::Device;
            left -= bytes;
        }
    };
    keep(&SliceResidency::weights, computeElementBytes(m_spec.training.precision));
    keep(&SliceResidency::gradient, kGradientBytes);
    Plan better = measured(shape, kept, plan.stateOnDisk, ramLimit);
    return fits(better, deviceLimit, ramLimit) ? better : plan;
}

std::optional<Plan> Planner::search(bool allInRam, int64_t deviceLimit, int64_t ramLimit) {
    for (int64_t microBatch : microBatchesToTry(m_spec.training))
        for (int units : unitsToTry(m_table))
            for (Tier boundaries : {Tier::Device, Tier::Ram, Tier::Disk}) {
                const Shape shape{microBatch, units, boundaries};
                Plan plan = allInRam ? resident(shape, deviceLimit, ramLimit) : streamed(shape, deviceLimit, ramLimit);
                const bool deviceFits = deviceLimit == 0 || plan.devicePeak <= deviceLimit;
                const int64_t needed = plan.ramPeak + (deviceLimit == 0 ? plan.devicePeak : 0);
                if (deviceFits && (m_leastRam == 0 || needed < m_leastRam))
                    m_leastRam = needed;
                if (fits(plan, deviceLimit, ramLimit))
                    return plan;
            }
    return std::nullopt;
}

int64_t Planner::smallestDevice() {
    int64_t least = 0;
    for (int units : {2, 1}) {
        const int64_t peak = measured({1, units, Tier::Ram}, streamedPlacement(), true, 0).devicePeak;
        least = least == 0 ? peak : std::min(least, peak);
    }
    return least;
}

/// Steady state: the third step of its kind in a row.
SimulatedCost Planner::simulated(const Plan& plan, bool updating, BackwardUpdate update, const HardwareProfile& hardware) {
    const TrainSpec training = trainingOf(plan);
    const ProgramBuilder builder(m_table, m_format, training, plan.placement);
    const StepProgram step = builder.build({ProgramKind::Step, updating, update});
    if (update == BackwardUpdate::None || updating)
        return simulate({&step, &step, &step}, hardware, plan.ringBytes);
    const StepProgram commit = builder.build({ProgramKind::Commit, false, BackwardUpdate::None});
    return simulate({&step, &commit, &step, &commit, &step}, hardware, plan.ringBytes);
}

/// Clipping whose factor is known before the backward sweep: no guess can be wrong, so no gradient need be stored.
bool Planner::factorIsKnown() const { return m_spec.training.clip != ClipKind::Global || m_spec.training.clipNorm <= 0; }

/// State on disk, updated in the backward sweep without a stored gradient: a wrong guess repeats the step.
std::optional<Plan> Planner::speculative(int64_t deviceLimit, int64_t ramLimit, const HardwareProfile& hardware) {
    m_storesGradients = false;
    std::optional<Plan> plan = search(false, deviceLimit, ramLimit);
    m_storesGradients = true;
    if (plan) {
        plan->rule = UpdateRule::Speculative;
        plan->step = simulated(*plan, false, BackwardUpdate::Speculative, hardware);
    }
    return plan;
}

/// State on disk, with stored gradients unless it is faster without.
std::optional<Plan> Planner::onDisk(int64_t deviceLimit, int64_t ramLimit, const HardwareProfile& hardware) {
    const UpdateChoice choice = m_spec.budget.update;
    std::optional<Plan> early;
    if (choice == UpdateChoice::Speculative || (choice == UpdateChoice::Auto && factorIsKnown()))
        early = speculative(deviceLimit, ramLimit, hardware);
    if (choice == UpdateChoice::Speculative)
        return early;
    std::optional<Plan> plan = search(false, deviceLimit, ramLimit);
    if (!plan)
        return early;
    chooseRule(*plan, hardware);
    return early && isBetter(early->step, plan->step) ? early : plan;
}

/// Memory that keeps activations may have a better use when the drive is what a step waits for.
std::optional<Plan> Planner::onDiskEitherWay(int64_t deviceLimit, int64_t ramLimit, const HardwareProfile& hardware) {
    std::optional<Plan> plan = onDisk(deviceLimit, ramLimit, hardware);
    if (!m_keepsActivations || !plan)
        return plan;
    m_keepsActivations = false;
    std::optional<Plan> other = onDisk(deviceLimit, ramLimit, hardware);
    m_keepsActivations = true;
    return other && isBetter(other->step, plan->step) ? other : plan;
}

/// Deferred is always exact and never wrong; insured updates move less at once, when the arithmetic does not hide the disk.
void Planner::chooseRule(Plan& plan, const HardwareProfile& hardware) {
    const SimulatedCost deferred = simulated(plan, true, BackwardUpdate::None, hardware);
    const UpdateChoice choice = m_spec.budget.update;
    plan.rule = UpdateRule::Deferred;
    plan.step = deferred;
    if (choice == UpdateChoice::Deferred)
        return;
    const SimulatedCost early = simulated(plan, false, BackwardUpdate::Insured, hardware);
    if (choice == UpdateChoice::Auto && early.seconds > kWorthIt * deferred.seconds)
        return;
    plan.step = early;
    plan.rule = choice == UpdateChoice::Insured ? UpdateRule::Insured : UpdateRule::Adaptive;
    // What a wrong guess adds: the update moves into the next forward sweep after all.
    const double extra = simulated(plan, true, BackwardUpdate::Insured, hardware).seconds - early.seconds;
    plan.breakEven = extra > 0 ? std::clamp((deferred.seconds - early.seconds) / extra, 0.0, 1.0) : 1.0;
}

int64_t Planner::diskBytesOf(const Plan& plan) const {
    return slotBytes(m_format) + gradientFileBytes(m_table, m_spec.training, plan) + boundaryFileBytes(m_table, trainingOf(plan), plan);
}

void Planner::simulateResident(Plan& plan, const HardwareProfile& hardware) {
    const TrainSpec training = trainingOf(plan);
    const ProgramBuilder builder(m_table, m_format, training, plan.placement);
    const StepProgram step = builder.build({ProgramKind::Step, false, BackwardUpdate::None});
    const StepProgram update = builder.build({ProgramKind::UpdateOnly, false, BackwardUpdate::None});
    plan.step = simulate({&update, &step}, hardware, plan.ringBytes);
    const SimulatedCost updating = simulate({&step, &update}, hardware, plan.ringBytes);
    plan.step.seconds += updating.seconds;
    plan.step.computeSeconds += updating.computeSeconds;
}

Error Planner::deviceError(int64_t limit) {
    const int64_t least = smallestDevice();
    return {ErrorCode::OverBudget, "This model does not fit the device memory limit", "",
            "the limit is " + formatBytes(limit) + ", and even the finest slicing with one sequence at a time needs " + formatBytes(least),
            "Allow at least " + formatBytes(roundUp(least, 1 << 20)) + " (--vram " + std::to_string(roundUp(least, 1 << 20) >> 20) +
                "MiB), or choose a smaller model or a shorter sequence"};
}

Result<Plan> Planner::choose(const HardwareProfile& hardware, const MachineLimits& machine) {
    const Budget& budget = m_spec.budget;
    m_programBytes = machine.programBytes;
    m_keepsActivations = budget.activations == ActivationChoice::Auto;
    const int64_t deviceLimit = budget.deviceBytes > 0 ? budget.deviceBytes : machine.deviceBytes;
    const int64_t ramLimit = budget.ramBytes > 0 ? budget.ramBytes : machine.ramBytes;
    std::optional<Plan> plan;
    if (budget.residency != ResidencyChoice::Disk)
        plan = search(true, deviceLimit, ramLimit);
    if (!plan && budget.residency != ResidencyChoice::Resident)
        plan = onDiskEitherWay(deviceLimit, ramLimit, hardware);
    if (!plan) {
        if (deviceLimit > 0 && smallestDevice() > deviceLimit)
            return deviceError(deviceLimit);
        return Error{ErrorCode::OverBudget, "This run does not fit the memory (RAM) limit", "",
                     "the limit is " + formatBytes(ramLimit) + ", needed are at least " + formatBytes(m_leastRam),
                     budget.residency == ResidencyChoice::Resident ? "Keep the state on disk (--residency disk), or raise the limit"
                                                                   : "Raise the RAM limit, or use fewer sequences a step"};
    }
    if (!plan->stateOnDisk)
        simulateResident(*plan, hardware);
    plan->diskBytes = diskBytesOf(*plan);
    const int64_t diskLimit = budget.diskBytes > 0 ? budget.diskBytes : machine.diskBytes;
    if (diskLimit > 0 && plan->diskBytes > diskLimit && plan->stateOnDisk && budget.update == UpdateChoice::Auto) {
        // Without stored gradients a wrong guess costs a step instead of an update, but there is less to store.
        if (auto smaller = speculative(deviceLimit, ramLimit, hardware); smaller && diskBytesOf(*smaller) < plan->diskBytes) {
            plan = smaller;
            plan->diskBytes = diskBytesOf(*plan);
        }
    }
    plan->deviceLimit = deviceLimit;
    plan->ramLimit = ramLimit;
    if (diskLimit > 0 && plan->diskBytes > diskLimit) {
        const bool ofBudget = budget.diskBytes > 0;
        return Error{ofBudget ? ErrorCode::OverBudget : ErrorCode::NoSpace,
                     ofBudget ? "This run does not fit the disk limit" : "The disk has too little free space for this run", "",
                     "the run needs " + formatBytes(plan->diskBytes) + " and has " + formatBytes(diskLimit),
                     ofBudget ? "Raise the disk limit, or choose a smaller model" : "Free some space, put the run on another disk, or choose a smaller model"};
    }
    return *std::move(plan);
}

}  // namespace

Result<Plan> makePlan(const RunSpec& spec, const TensorTable& table, const HardwareProfile& hardware, const MachineLimits& machine) {
    return Planner(spec, table).choose(hardware, machine);
}

int64_t smallestDeviceLimit(const RunSpec& spec, const TensorTable& table) { return Planner(spec, table).smallestDevice(); }

}  // namespace gsst
