// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "plan/compiled_plan.h"
#include "plan/search/planner.h"
#include "service/plan_explanation.h"
#include "spec/run_spec.h"

#include <utility>

namespace gsst {

/// What a plan follows from. References outlive the calls they are given to.
struct PlanBasis {
    const RunSpec& spec;
    const TensorTable& table;
    const HardwareProfile& hardware;
    const MachineLimits& machine;
};

/// `plan`, which makePlan() made from `basis`, as all ranks plan: with the first one's share of the state.
inline CompiledPlan compiledFor(const PlanBasis& basis, Plan plan) {
    const TrainSpec& training = basis.spec.training;
    return CompiledPlan(basis.table, training, plannedShard(training, basis.machine.ranks), std::move(plan));
}

/// Why `plan`, made from `basis`, is as it is. Plans about ten times more: not for sliders.
PlanExplanation explainPlan(const PlanBasis& basis, const CompiledPlan& plan);

/// The plan's step program with its simulated times.
StepListing listStep(const CompiledPlan& plan, const HardwareProfile& hardware);

}  // namespace gsst
