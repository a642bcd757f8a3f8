// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "insight/placed_plan.h"
#include "service/plan_explanation.h"

#include <vector>

namespace gsst {

// Each kind of tensor of a plan: how much there is of it, where, and why there.

/// Working weights, remainder (of the presets that have one), moments.
std::vector<PlacedKind> placedState(const PlacedPlan& placed);
PlacedKind placedGradients(const PlacedPlan& placed);

/// What passes from slice to slice.
PlacedKind placedBoundaries(const PlacedPlan& placed);
/// What the forward sweep computes inside the slices.
PlacedKind placedActivations(const PlacedPlan& placed);
/// Embedding and head in vocabulary slices: what they cost, and where a tied head's share of their gradient waits. Only
/// of a plan that has such slices.
PlacedKind placedVocabulary(const PlacedPlan& placed);

}  // namespace gsst
