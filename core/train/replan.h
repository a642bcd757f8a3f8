// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "insight/explain_plan.h"
#include "plan/search/planner.h"
#include "run/run_folder.h"
#include "train/give_up_step.h"
#include "train/prepared_run.h"
#include "train/trainer.h"

#include <cstdint>
#include <string>

namespace gsst {

/// The plan for `basis` that counts on no more than `ceilings` allow. What is enforced stays what budget and machine
/// say, so that a prediction which is too low again has some room.
Result<Plan> planWithin(const MemoryCeilings& ceilings, const PlanBasis& basis);

/// A plan that takes less memory than the one before it.
struct SmallerPlan {
    Plan plan;
    MemoryCeilings ceilings;  ///< that it was made for
};

/// What to go on with after `shortage` under the plan of `run`; the same on all ranks. Device memory: the micro-batch
/// is the next smaller divisor (at least half of it goes); one of a single sequence stays, and the plan has to be a
/// tenth smaller. RAM: a tenth less of what a plan can change; the micro-batch stays. The predicted peak is always
/// below the one before it, and ceilings never rise, so that replanning comes to an end. OutOfMemory if there is no
/// such plan; it says the smallest that would do.
Result<SmallerPlan> planSmaller(const PreparedRun& run, const Shortage& shortage);

/// Enters the plan of `run`, made under `ceilings`, into its record: the micro-batch, and a Replan whose first step is
/// not known yet.
void noteReplan(PreparedRun& run, const MemoryCeilings& ceilings);

/// Fills in first steps that are not known, and lowers those that lie ahead: the next step is `step` + 1. Whether any
/// changed.
bool dateReplans(RunRecord& record, int64_t step);

/// For the log: what was refused, on which rank if there are several, and how the run goes on.
std::string sentenceOf(const GivenUp& step, const Plan& before, const Plan& after);

}  // namespace gsst
