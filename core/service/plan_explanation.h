// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/buffer_kind.h"
#include "spec/op_kind.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace gsst {

// A plan told to people and to other programs: plain figures and words, free of the types of core/plan.

/// One kind of tensor, or of memory: how much there is of it, where, and why there.
struct PlacedKind {
    std::string kind;   ///< "working weights"
    int64_t bytes = 0;  ///< of all slices, counted once
    std::array<int, 3>
        slices{};        ///< how many slices have it on the device, in RAM, on disk; all 0 where slices do not matter
    std::string where;   ///< "RAM (all)", "RAM 9, disk 5": by slices
    std::string reason;  ///< one sentence without a full stop
};

/// What a step would cost if one choice were another; everything else is planned again.
struct PlanOutcome {
    std::string choice;   ///< "insured", "previous", "1 GiB more RAM"
    bool chosen = false;  ///< it is the plan's own
    std::string problem;  ///< not empty: there is no such plan, and this is why
    std::string updateRule;
    double secondsPerStep = 0;
    int64_t readBytes = 0;     ///< a step
    int64_t writtenBytes = 0;  ///< a step
};

/// Why a plan is as it is, and what else there was.
struct PlanExplanation {
    std::vector<PlacedKind> kinds;
    std::string updateRule;
    std::string updateReason;
    double breakEven = 0;  ///< share of clipped steps from which deferring is faster; 0 = does not matter
    std::vector<PlanOutcome>
        updates;  ///< by when slices are updated; the result is the same. Empty with all state in RAM
    std::vector<PlanOutcome> clips;   ///< by which norm gradients are clipped; this changes the result
    std::vector<PlanOutcome> memory;  ///< the plan itself first, then with more memory
};

/// A buffer of the step program that begins to live with an op or dies after it.
struct ListedBuffer {
    int number = 0;  ///< among the program's buffers
    Space space{};
    BufferUse use{};
    int64_t bytes = 0;
    bool keptAcrossSteps = false;
};

/// One op of the step program, with its time in the simulation.
struct ListedOp {
    int program = 0;  ///< index into StepListing::programs
    Sweep sweep{};
    OpKind kind{};
    Lane lane() const { return laneOf(kind); }
    int slice = -1;         ///< index into StepListing::slices; -1 = none; so for unit and micro-batch
    int unit = -1;          ///< index into StepListing::units
    int microBatch = -1;    ///< from 0
    int64_t ioBytes = 0;    ///< read from or written to disk
    int64_t copyBytes = 0;  ///< moved in memory
    int64_t linkBytes = 0;  ///< sent to other ranks, and as many received
    double flops = 0;
    double start = 0;  ///< seconds since the compute lane turned to this step; negative: read ahead before
    double seconds = 0;
    double readWait = 0;   ///< seconds that the compute lane waited for reads before it
    double linkWait = 0;   ///< then for other ranks
    double writeWait = 0;  ///< then for staging
    std::vector<ListedBuffer> acquires;
    std::vector<ListedBuffer> releases;
};

/// A unit by name and in a narrow column: "attention of layer 3" and "3a".
struct ListedUnit {
    std::string name;
    std::string label;
};

/// The step program of a steady-state training step, op by op.
struct StepListing {
    std::string updateRule;
    double seconds = 0;                 ///< of the step
    std::vector<std::string> programs;  ///< that make up the step: "step", "commit"
    std::vector<std::string> slices;    ///< what each is: "embedding", "layers 1 to 2", "head"; layers count from 1
    std::vector<ListedUnit> units;      ///< of the model, in its order
    std::vector<ListedOp> ops;          ///< in the order of the programs
};

}  // namespace gsst
