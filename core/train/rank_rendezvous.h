// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "machine/product_choice.h"
#include "plan/search/planner.h"
#include "service/events.h"
#include "spec/run_spec.h"
#include "train/open_run.h"

#include <stop_token>

namespace gsst {

/// Waits for the other processes that train this run, if it has any, and makes sure that theirs has the same recipe:
/// else InvalidInput on all, before anything is made or changed. `run` has its place, folder and record. One that ended
/// before it wrote down the newest change of plan, which others have in their records, has it in `run` now.
Status meetOthers(OpenRun& run, const EventSink& sink, std::stop_token stop);

/// What a plan is made from.
struct Means {
    Budget budget;
    HardwareProfile hardware;
    MachineLimits limits;
};

/// All processes run the same step program, so they plan with the same means: the least memory and disk, the slowest
/// rates, and the choices of rank 0, with the state on disk if one of them wants that. `collective` may be null.
Result<Means> shareMeans(Collective* collective, const Means& own);

/// The slowest of all processes: what they choose by it is the same for all. `collective` may be null.
Result<ProductRates> shareProductRates(Collective* collective, const ProductRates& own);

/// That nothing led to another plan all the same.
Status checkSamePlan(Collective* collective, const Plan& plan);

}  // namespace gsst
