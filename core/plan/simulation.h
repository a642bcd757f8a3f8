// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/step_program.h"
#include "spec/train_spec.h"

#include <cstdint>
#include <vector>

namespace gsst {

/// What the machine can do, measured or assumed; the rates of the simulation.
struct HardwareProfile {
    double flopsFp32 = 60e9;               ///< matrix products, FLOP/s
    double flopsBf16 = 120e9;
    double readBytesPerSecond = 1.5e9;     ///< drive of the run folder
    double writeBytesPerSecond = 1.0e9;
    double memoryBytesPerSecond = 10e9;    ///< copies and updates
    double secondsPerOp = 20e-6;           ///< fixed cost of any op
    double secondsPerCommit = 4e-3;        ///< two syncs
    double flops(Precision precision) const { return precision == Precision::Fp32 ? flopsFp32 : flopsBf16; }
};

/// What running a chain of programs costs.
struct SimulatedCost {
    double seconds = 0;          ///< of the last program of the chain, start of its compute to start of the next
    double computeSeconds = 0;   ///< the compute lane alone
    double readSeconds = 0;      ///< the read lane alone
    double writeSeconds = 0;
    double readWaitSeconds = 0;  ///< compute waits for reads
    double writeWaitSeconds = 0; ///< compute waits for staging that a write still holds
    int64_t devicePeak = 0;      ///< buffers and workspaces, over the whole chain
    int64_t ramPeak = 0;         ///< RAM-tier buffers (without ring and resident state)
    int64_t readBytes = 0;       ///< of the last program
    int64_t writtenBytes = 0;
};

/// Runs the ops of `chain`, one program after the other, through read, compute and write lanes with the given rates and a
/// staging ring of `ringBytes`. Reads run ahead as far as ring and dependencies allow, as in the executor.
SimulatedCost simulate(const std::vector<const StepProgram*>& chain, const HardwareProfile& hardware, Precision precision,
                       int64_t ringBytes);

/// Device bytes that stay across programs.
int64_t keptBytesOf(const StepProgram& program);
/// Device bytes at the worst op of one program, those that stay included.
int64_t devicePeakOf(const StepProgram& program);
/// RAM-tier bytes at the worst op of one program.
int64_t ramPeakOf(const StepProgram& program);

}  // namespace gsst
