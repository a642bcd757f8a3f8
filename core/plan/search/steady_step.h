// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/program/program_builder.h"
#include "plan/search/planner.h"
#include "plan/simulation.h"

#include <vector>

namespace gsst {

/// The programs of one training step as the plan's update rule runs it in steady state, in their order: what Plan::step
/// is the cost of. Of an adaptive rule the step that updates in the backward sweep.
std::vector<StepProgram> steadyStep(const ProgramBuilder& builder, const Plan& plan);

/// Such a step in the simulation, between others of its kind. Times count from when the compute lane was through with
/// the step before: reads that ran ahead of it have negative ones, and writes may end after `seconds`.
struct SteadyTimes {
    double seconds = 0;                         ///< until the compute lane is through with it
    std::vector<std::vector<OpTime>> programs;  ///< of each program, of each op
};
SteadyTimes simulateSteadyStep(const std::vector<StepProgram>& step, const HardwareProfile& hardware,
                               int64_t ringBytes);

}  // namespace gsst
