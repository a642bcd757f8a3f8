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

/// What running a chain of programs costs.
struct SimulatedCost {
    double seconds = 0;         ///< of the last program of the chain, start of its compute to start of the next
    double computeSeconds = 0;  ///< the compute lane alone
    double readSeconds = 0;     ///< the read lane alone
    double writeSeconds = 0;
    double readWaitSeconds = 0;   ///< compute waits for reads
    double linkWaitSeconds = 0;   ///< compute waits for other ranks
    double writeWaitSeconds = 0;  ///< compute waits for staging that a write still holds
    int64_t devicePeak = 0;       ///< buffers and workspaces, over the whole chain
    int64_t ramPeak = 0;          ///< RAM-tier buffers (without ring and resident state)
    int64_t readBytes = 0;        ///< of the last program
    int64_t writtenBytes = 0;
    double flops = 0;  ///< of the last program
};

/// Runs the ops of `chain`, one program after the other, through read, compute, write and link lanes with the given
/// rates and a staging ring of `ringBytes`. Reads run ahead as far as ring and dependencies allow, as in the executor;
/// reads and writes share the drive's time, in program order, where the executor goes by what is needed first: at the
/// turn of steps it can be quicker.
SimulatedCost simulate(const std::vector<const StepProgram*>& chain, const HardwareProfile& hardware,
                       int64_t ringBytes);

/// When an op ran in the simulation, in seconds since the chain began.
struct OpTime {
    double start = 0;
    double finish = 0;
    double readWait = 0;   ///< compute ops: the lane waited for other ops, mostly reads, before `start`
    double linkWait = 0;   ///< compute ops: then for other ranks
    double writeWait = 0;  ///< compute ops: then for staging
};

/// The same run op by op: of each program of the chain, of each of its ops in order.
std::vector<std::vector<OpTime>> simulatedTimes(const std::vector<const StepProgram*>& chain,
                                                const HardwareProfile& hardware, int64_t ringBytes);

/// Device bytes that stay across programs.
int64_t keptBytesOf(const StepProgram& program);
/// Device bytes at the worst op of one program, those that stay included.
int64_t devicePeakOf(const StepProgram& program);
/// RAM-tier bytes at the worst op of one program.
int64_t ramPeakOf(const StepProgram& program);

}  // namespace gsst
