// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "insight/explain_plan.h"
#include "plan/search/planner.h"
#include "spec/run_spec.h"
#include "spec/tensor_table.h"

#include <utility>

namespace gsst {

/// What a plan is made from, besides the recipe.
struct PlanMeans {
    Budget budget;
    HardwareProfile hardware;
    MachineLimits limits;
};

/// A plan and what it was made from; the same on all ranks. Each change of plan makes a new one.
struct RunPlan {
    RunSpec part;  ///< of the recipe, that this process computes: its sequences of a step, with the budget and the
                   ///< micro-batch that the plan has
    HardwareProfile hardware;
    MachineLimits limits;
    Plan plan;

    /// `next` instead of the plan there is, with its micro-batch.
    void adopt(Plan next) {
        part.training.microBatch = next.microBatch;
        plan = std::move(next);
    }
    PlanBasis basis(const TensorTable& table) const { return {part, table, hardware, limits}; }
};

}  // namespace gsst
