// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "plan/program/program_builder.h"
#include "plan/simulation.h"
#include "spec/run_spec.h"

#include <cstdint>

namespace gsst {

/// What the machine has to give besides speed. Bytes free right now.
struct MachineLimits {
    int64_t deviceBytes = 0;  ///< limit of the device's pool when the budget names none; 0 = unlimited
    int64_t ramBytes = 0;
    int64_t diskBytes = 0;
    int64_t programBytes = 0;  ///< of RAM: what the program takes besides what the plan counts
    int ranks = 1;             ///< processes that train together, this one included
};

/// The share of the state that plans are made for, the same on all ranks, so that all come to the same plan. The first
/// rank's is the largest, by a block of each unit or by none.
inline StateShard plannedShard(const TrainSpec& training, int ranks) {
    return {0, ranks, training.precision};
}

/// Limits that are enforced: the budget's, or where it names none the machine's; 0 = none.
inline int64_t deviceLimitOf(const Budget& budget, const MachineLimits& machine) {
    return budget.deviceBytes > 0 ? budget.deviceBytes : machine.deviceBytes;
}
inline int64_t ramLimitOf(const Budget& budget, const MachineLimits& machine) {
    return budget.ramBytes > 0 ? budget.ramBytes : machine.ramBytes;
}

/// When the slices of a step are updated. With all state in RAM it is always at once after the step, in place.
enum class UpdateRule {
    Deferred,     ///< during the next step's forward sweep
    Speculative,  ///< during the backward sweep with a guessed factor; a wrong guess repeats the step with the right
                  ///< one
    Insured,  ///< as speculative with the gradient stored; after a wrong guess the next forward sweep updates from it
    Adaptive  ///< insured while few steps clip, else deferred
};
const char* nameOf(UpdateRule rule);

/// A chosen placement and what it will cost, before anything starts.
struct Plan {
    Placement placement;
    UpdateRule rule = UpdateRule::Deferred;
    double breakEven = 0;     ///< Adaptive: share of clipped steps from which deferring is cheaper
    bool stateOnDisk = true;  ///< any of it; then every step commits
    bool recomputesByChoice =
        false;  ///< activations could be kept, but their memory saves more time as room for state and gradients
    int64_t microBatch = 0;  ///< may be smaller than the recipe's, to fit the device limit
    int64_t ringBytes = 0;
    int64_t deviceLimit = 0;  ///< enforced; 0 = none
    int64_t ramLimit = 0;     ///< enforced; 0 = none
    int slices = 0;
    int64_t devicePeak = 0;     ///< predicted, worst program
    int64_t ramPeak = 0;        ///< predicted: ring, boundary activations, resident state, the program itself
    int64_t programBytes = 0;   ///< of ramPeak: libraries, tables and small change
    int64_t residentBytes = 0;  ///< of ramPeak: state and gradients in RAM
    int64_t boundaryBytes = 0;  ///< of ramPeak: boundary activations
    int64_t diskBytes = 0;      ///< both slots, stored gradients and boundary activations
    SimulatedCost step;         ///< steady state
    bool diskBound() const { return step.readWaitSeconds + step.writeWaitSeconds > 0.1 * step.seconds; }
};

/// Bytes of the work files of stored gradients, of what a tied head adds to them (see Placement::tiedGradients) and of
/// boundary activations; 0 = there is none.
int64_t gradientFileBytes(const TensorTable& table, const StateFormat& format, const Plan& plan);
int64_t tiedGradientFileBytes(const TensorTable& table, const Plan& plan);
int64_t boundaryFileBytes(const TensorTable& table, const TrainSpec& training, const Plan& plan);

/// Chooses residency, slicing, chunk size and ring for `spec` on a machine. Never touches disk or device. OverBudget
/// tells which limit is too small, by how much, and the smallest that would do.
Result<Plan> makePlan(const RunSpec& spec, const TensorTable& table, const HardwareProfile& hardware,
                      const MachineLimits& machine);

/// The least device limit with which makePlan() succeeds, everything else as given.
int64_t smallestDeviceLimit(const RunSpec& spec, const TensorTable& table);

}  // namespace gsst
