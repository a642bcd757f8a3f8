// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/search/planner.h"
#include "service/training_service.h"
#include "spec/run_spec.h"

namespace gsst {

/// The plan, made for `hardware`, in the units people read. Sets everything but what is told of plans that do not fit.
void fillPreview(PlanPreview& preview, const RunSpec& spec, const TensorTable& table, const HardwareProfile& hardware,
                 const Plan& plan);

}  // namespace gsst
