// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "engine/collective.h"
#include "machine/product_choice.h"
#include "plan/search/planner.h"
#include "train/prepared_run.h"

namespace gsst {

// What the processes that train a run make sure of before its state is opened. All of them make these calls; one that
// trains alone agrees with itself.

/// That all ranks have the same recipe: else InvalidInput on all, before anything is made or changed. `run` has its
/// world, folder and record. One that ended before it wrote down the newest change of plan, which others have in their
/// records, has it in `run` now.
Status agreeOnRecipe(PreparedRun& run);

/// The slowest of all processes: what they choose by it is the same for all.
Result<ProductRates> slowestProductRates(Collective& collective, const ProductRates& own);

/// That nothing led to another plan all the same.
Status checkSamePlan(Collective& collective, const Plan& plan);

}  // namespace gsst
