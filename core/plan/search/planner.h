// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "plan/plan.h"
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

/// Chooses residency, slicing, chunk size and ring for `spec` on a machine. Never touches disk or device. OverBudget
/// tells which limit is too small, by how much, and the smallest that would do.
Result<Plan> makePlan(const RunSpec& spec, const TensorTable& table, const HardwareProfile& hardware,
                      const MachineLimits& machine);

/// The least device limit with which makePlan() succeeds, everything else as given.
int64_t smallestDeviceLimit(const RunSpec& spec, const TensorTable& table);

}  // namespace gsst
