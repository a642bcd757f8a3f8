// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "insight/explain_plan.h"
#include "service/training_service.h"

namespace gsst {

/// `plan`, made from `basis`, in the units people read. What it takes of each tier adds up to the peak of that tier.
/// Sets everything but what is told of plans that do not fit.
void fillPreview(PlanPreview& preview, const PlanBasis& basis, const CompiledPlan& plan);

}  // namespace gsst
