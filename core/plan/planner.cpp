// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/planner.h"

#include "base/units.h"
#include "plan/state_bytes.h"
#include "spec/state_format.h"

#include <algorithm>
#include <optional>

namespace gsst {
namespace {

constexpr int64_t kLargestChunk = 4 << 20;
constexpr int64_t kSmallestChunk = kBlockElements;
constexpr int64_t kRingGroups = 4;        ///< chunks (state and gradient) that may be in flight
constexpr int64_t kLargestReadAhead = int64_t{1} << 30;
constexpr int64_t kReadAheadShareOfRam = 8;  ///< read-ahead beyond the groups takes at most one part in so many
constexpr int64_t kSmallestRing = 64 << 10;

int64_t roundUp(int64_t value, int64_t to) { return (value + to - 1) / to * to; }

/// Bytes of the largest chunk with its gradient: what the ring must hold several times.
int64_t groupBytes(const TensorTable& table, int64_t chunkElements) {
    int64_t largest = 0;
    for (int unit = 0; unit < table.unitCount(); ++unit)
        for (const ChunkRange& chunk : chunksOfUnit(table, unit, chunkElements))
            largest = std::max(largest, chunk.paddedElements);
    return largest * (kStateBytes + kGradientBytes);
}

/// Staging with which the turn from one step to the next hides: the embedding has no arithmetic that its state could be read
/// behind, so all of it should be on its way while the backward sweep before still computes.
int64_t readAheadBytes(const TensorTable& table, int64_t ramLimit) {
    const int64_t embedding = table.units().front().paddedElements * (kStateBytes + kGradientBytes);
    const int64_t allowed = ramLimit > 0 ? std::min(kLargestReadAhead, ramLimit / kReadAheadShareOfRam) : kLargestReadAhead;
    return std::min(embedding, allowed);
}

/// Divisors of the recipe's micro-batch, largest first: any of them keeps the tokens per step.
std::vector<int64_t> microBatchesToTry(const TrainSpec& training) {
    std::vector<int64_t> sizes;
    for (int64_t size = training.microBatch; size >= 1; --size)
        if (training.microBatch % size == 0)
            sizes.push_back(size);
    return sizes;
}

class Planner {
public:
    Planner(const RunSpec& spec, const TensorTable& table) : m_spec(spec), m_table(table) {}

    Result<Plan> choose(const HardwareProfile& hardware, const MachineLimits& machine);
    int64_t smallestDevice();

private:
    /// The plan for one combination of choices, without its simulation; nothing when device or RAM limit is exceeded.
    Plan candidate(int64_t microBatch, int unitsPerSlice, bool boundariesInRam, bool resident, int64_t ramLimit);
    std::optional<Plan> search(bool resident, int64_t deviceLimit, int64_t ramLimit);
    void simulateStep(Plan& plan, const HardwareProfile& hardware);
    Error deviceError(int64_t limit);

    const RunSpec& m_spec;
    const TensorTable& m_table;
    int64_t m_leastRam = 0;  ///< the least RAM any tried combination needs
};

Plan Planner::candidate(int64_t microBatch, int unitsPerSlice, bool boundariesInRam, bool resident, int64_t ramLimit) {
    Plan plan;
    plan.microBatch = microBatch;
    plan.placement = {resident, boundariesInRam, unitsPerSlice, kLargestChunk};
    TrainSpec training = m_spec.training;
    training.microBatch = microBatch;
    const ProgramBuilder builder(m_table, training, plan.placement);
    const StepProgram step = builder.build(ProgramKind::StepPlain);
    // The updating step holds the same buffers on the device; so does evaluation, without gradients.
    plan.devicePeak = std::max(devicePeakOf(step), devicePeakOf(builder.buildEvaluation(step.microBatches)));
    plan.boundaryBytes = ramPeakOf(step);
    plan.residentBytes = resident ? m_table.paddedParameters() * (kStateBytes + kGradientBytes) : 0;
    plan.slices = step.slices;
    int64_t chunk = kLargestChunk;
    const auto ringFor = [&](int64_t elements) {
        return resident ? kSmallestRing : roundUp(kRingGroups * groupBytes(m_table, elements), 4096);
    };
    const int64_t fixedRam = plan.boundaryBytes + plan.residentBytes;
    while (ramLimit > 0 && chunk > kSmallestChunk && fixedRam + ringFor(chunk) > ramLimit)
        chunk /= 2;
    plan.placement.chunkElements = chunk;
    plan.ringBytes = ringFor(chunk);
    if (!resident) {
        const int64_t ahead = plan.ringBytes + readAheadBytes(m_table, ramLimit);
        if (ramLimit == 0 || fixedRam + ahead <= ramLimit)
            plan.ringBytes = ahead;
    }
    plan.ramPeak = fixedRam + plan.ringBytes;
    return plan;
}

std::optional<Plan> Planner::search(bool resident, int64_t deviceLimit, int64_t ramLimit) {
    for (int64_t microBatch : microBatchesToTry(m_spec.training))
        for (int unitsPerSlice : {2, 1})
            for (bool boundariesInRam : {false, true}) {
                Plan plan = candidate(microBatch, unitsPerSlice, boundariesInRam, resident, ramLimit);
                const bool deviceFits = deviceLimit == 0 || plan.devicePeak <= deviceLimit;
                const bool ramFits = ramLimit == 0 || plan.ramPeak <= ramLimit;
                if (deviceFits && (m_leastRam == 0 || plan.ramPeak < m_leastRam))
                    m_leastRam = plan.ramPeak;
                if (deviceFits && ramFits)
                    return plan;
            }
    return std::nullopt;
}

int64_t Planner::smallestDevice() {
    int64_t least = 0;
    for (bool resident : {false, true}) {
        if (m_spec.budget.residency == (resident ? ResidencyChoice::Disk : ResidencyChoice::Resident))
            continue;
        for (int unitsPerSlice : {2, 1}) {
            const int64_t peak = candidate(1, unitsPerSlice, true, resident, 0).devicePeak;
            least = least == 0 ? peak : std::min(least, peak);
        }
    }
    return least;
}

void Planner::simulateStep(Plan& plan, const HardwareProfile& hardware) {
    TrainSpec training = m_spec.training;
    training.microBatch = plan.microBatch;
    const ProgramBuilder builder(m_table, training, plan.placement);
    if (!plan.placement.stateResident) {
        const StepProgram step = builder.build(ProgramKind::StepUpdating);
        plan.devicePeak = std::max(plan.devicePeak, devicePeakOf(step));
        plan.step = simulate({&step, &step, &step}, hardware, training.precision, plan.ringBytes);
        return;
    }
    const StepProgram step = builder.build(ProgramKind::StepPlain);
    const StepProgram update = builder.build(ProgramKind::UpdateOnly);
    plan.step = simulate({&update, &step}, hardware, training.precision, plan.ringBytes);
    const SimulatedCost updating = simulate({&step, &update}, hardware, training.precision, plan.ringBytes);
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
    if (m_spec.training.state != StatePreset::Exact)
        return Error{ErrorCode::InvalidInput, "This state preset cannot be trained yet", "training.state",
                     std::string("the engine of this version keeps full moments only, and \"") + nameOf(m_spec.training.state) + "\" asks for 8-bit ones",
                     "Use \"exact\""};
    const int64_t deviceLimit = budget.deviceBytes > 0 ? budget.deviceBytes : machine.deviceBytes;
    const int64_t ramLimit = budget.ramBytes > 0 ? budget.ramBytes : machine.ramBytes;
    std::optional<Plan> plan;
    if (budget.residency != ResidencyChoice::Disk)
        plan = search(true, deviceLimit, ramLimit);
    if (!plan && budget.residency != ResidencyChoice::Resident)
        plan = search(false, deviceLimit, ramLimit);
    if (!plan) {
        if (deviceLimit > 0 && smallestDevice() > deviceLimit)
            return deviceError(deviceLimit);
        return Error{ErrorCode::OverBudget, "This run does not fit the memory (RAM) limit", "",
                     "the limit is " + formatBytes(ramLimit) + ", needed are at least " + formatBytes(m_leastRam),
                     budget.residency == ResidencyChoice::Resident ? "Keep the state on disk (--residency disk), or raise the limit"
                                                                   : "Raise the RAM limit, or use fewer sequences a step"};
    }
    plan->deviceLimit = deviceLimit;
    plan->ramLimit = ramLimit;
    plan->diskBytes = diskBytesOf(m_table, plan->placement.stateResident);
    const int64_t diskLimit = budget.diskBytes > 0 ? budget.diskBytes : machine.diskBytes;
    if (diskLimit > 0 && plan->diskBytes > diskLimit) {
        const bool ofBudget = budget.diskBytes > 0;
        return Error{ofBudget ? ErrorCode::OverBudget : ErrorCode::NoSpace,
                     ofBudget ? "This run does not fit the disk limit" : "The disk has too little free space for this run", "",
                     "the run needs " + formatBytes(plan->diskBytes) + " and has " + formatBytes(diskLimit),
                     ofBudget ? "Raise the disk limit, or choose a smaller model" : "Free some space, put the run on another disk, or choose a smaller model"};
    }
    simulateStep(*plan, hardware);
    return *std::move(plan);
}

}  // namespace

int64_t diskBytesOf(const TensorTable& table, bool stateResident) {
    const int64_t sums = roundUp(int64_t(table.blocks().size()) * 4 * 8, 4096);
    const int64_t slot = 4096 + table.paddedParameters() * kStateBytes + sums;
    return 2 * slot + 8 * 4096 + (stateResident ? 0 : table.paddedParameters() * kGradientBytes);
}

Result<Plan> makePlan(const RunSpec& spec, const TensorTable& table, const HardwareProfile& hardware, const MachineLimits& machine) {
    return Planner(spec, table).choose(hardware, machine);
}

int64_t smallestDeviceLimit(const RunSpec& spec, const TensorTable& table) { return Planner(spec, table).smallestDevice(); }

}  // namespace gsst
