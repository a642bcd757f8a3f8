// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "plan/search/planner.h"
#include "service/plan_explanation.h"
#include "spec/run_spec.h"

namespace gsst {

/// What a plan follows from. References outlive the calls they are given to.
struct PlanBasis {
    const RunSpec& spec;
    const TensorTable& table;
    const HardwareProfile& hardware;
    const MachineLimits& machine;
};

/// Why `plan`, which makePlan() made from `basis`, is as it is. Plans about ten times more: not for sliders.
PlanExplanation explainPlan(const PlanBasis& basis, const Plan& plan);

/// The plan's step program with its simulated times.
StepListing listStep(const PlanBasis& basis, const Plan& plan);

}  // namespace gsst
