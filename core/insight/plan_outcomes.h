// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "insight/explain_plan.h"

namespace gsst {

/// Sets the update rule with its reason, and what other update rules, other ways of clipping and more memory would
/// give.
void fillOutcomes(PlanExplanation& explanation, const PlanBasis& basis, const Plan& plan);

}  // namespace gsst
