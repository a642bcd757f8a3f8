// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "plan/planner.h"
#include "spec/run_spec.h"
#include "train/events.h"
#include "train/open_run.h"

#include <functional>
#include <stop_token>

namespace gsst {

/// Waits for the other processes that train this run, if it has any, and makes sure that theirs has the same recipe: else InvalidInput
/// on all, before anything is made or changed. `run` has its place, folder and record.
Status meetOthers(OpenRun& run, const EventSink& sink, std::stop_token stop);

/// The plan of `make` for this process's share of the recipe. All processes have the same micro-batch, which bits depend on, and commit
/// as often: what one of them needs for its memory, all do. `collective` may be null.
Result<Plan> planTogether(Collective* collective, RunSpec share, const std::function<Result<Plan>(const RunSpec&)>& make);

}  // namespace gsst
