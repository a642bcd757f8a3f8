// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/program/step_program.h"

#include <cstdint>
#include <vector>

namespace gsst {

/// How fast this machine does a recipe's arithmetic, in the FLOPs and bytes of the step program's ops.
struct ComputeRates {
    double forwardFlops = 80e9;       ///< FLOP/s
    double backwardFlops = 80e9;      ///< of a backward that computes its slice again, which counts
    double keptBackwardFlops = 80e9;  ///< of one that need not
    double headFlops = 80e9;          ///< loss and gradient, or loss alone
    double updateBytes = 20e9;        ///< bytes a second of the optimizer's update
    double copyBytes = 10e9;          ///< of copies, zeroing, norms
    double linkBytes = 110e6;         ///< bytes a second to another rank; assumed: a gigabit network
};

/// What the machine can do for one recipe, measured or assumed; the rates of the simulation.
struct HardwareProfile {
    ComputeRates compute;
    double readBytesPerSecond = 1.5e9;  ///< drive of the run folder
    double writeBytesPerSecond = 1.0e9;
    bool driveMeasured = false;      ///< else the two are assumed
    double secondsPerOp = 20e-6;     ///< fixed cost of any op
    double secondsPerCommit = 4e-3;  ///< two syncs
};

/// What one training step costs.
struct SimulatedCost {
    double seconds = 0;         ///< from when the compute lane was through with the step before until it is with this
    double computeSeconds = 0;  ///< the compute lane alone
    double readSeconds = 0;     ///< the read lane alone
    double writeSeconds = 0;
    double readWaitSeconds = 0;   ///< compute waits for reads
    double linkWaitSeconds = 0;   ///< compute waits for other ranks
    double writeWaitSeconds = 0;  ///< compute waits for staging that a write still holds
    int64_t readBytes = 0;
    int64_t writtenBytes = 0;
    double flops = 0;
};

/// Runs the programs of `step`, one after the other and several times over, through read, compute, write and link lanes
/// with the given rates and a staging ring of `ringBytes`; the cost is that of the last time. Reads run ahead as far as
/// ring and dependencies allow, as in the executor; reads and writes share the drive's time, in program order, where
/// the executor goes by what is needed first: at the turn of steps it can be quicker.
SimulatedCost simulateStep(const std::vector<const StepProgram*>& step, const HardwareProfile& hardware,
                           int64_t ringBytes);

/// When an op ran in the simulation.
struct OpTime {
    double start = 0;
    double finish = 0;
    double readWait = 0;   ///< compute ops: the lane waited for other ops, mostly reads, before `start`
    double linkWait = 0;   ///< compute ops: then for other ranks
    double writeWait = 0;  ///< compute ops: then for staging
};

/// The same step op by op. Times count from when the compute lane was through with the step before: reads that ran
/// ahead of it have negative ones, and writes may end after `seconds`.
struct StepTimes {
    double seconds = 0;                         ///< until the compute lane is through with it
    std::vector<std::vector<OpTime>> programs;  ///< of each program, of each op
};
StepTimes simulateOps(const std::vector<const StepProgram*>& step, const HardwareProfile& hardware, int64_t ringBytes);

}  // namespace gsst
