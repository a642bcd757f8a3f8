// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/program/residency.h"
#include "plan/program/step_program.h"
#include "plan/simulation.h"
#include "spec/bottleneck.h"

#include <cstdint>

namespace gsst {

/// When the slices of a step are updated. With all state in RAM it is always at once after the step, in place.
enum class UpdateRule {
    Deferred,     ///< during the next step's forward sweep
    Speculative,  ///< during the backward sweep with a guessed factor; a wrong guess repeats the step with the right
                  ///< one
    Insured,  ///< as speculative with the gradient stored; after a wrong guess the next forward sweep updates from it
    Adaptive  ///< insured while few steps clip, else deferred
};
const char* nameOf(UpdateRule rule);

/// What the backward sweep of a step does by this rule; of an adaptive one while few steps clip.
BackwardUpdate backwardUpdateOf(UpdateRule rule);

/// A chosen placement and what it will cost, before anything starts. CompiledPlan has what follows from it.
struct Plan {
    Placement placement;
    UpdateRule rule = UpdateRule::Deferred;
    double breakEven = 0;     ///< Adaptive: share of clipped steps from which deferring is cheaper
    bool stateOnDisk = true;  ///< any of it; then every step commits
    bool recomputesByChoice =
        false;  ///< activations could be kept, but their memory saves more time as room for state and gradients
    int64_t microBatch = 0;  ///< may be smaller than the recipe's, to fit the device limit
    int64_t ringBytes = 0;
    int64_t deviceLimit = 0;  ///< enforced; 0 = none
    int64_t ramLimit = 0;     ///< enforced; 0 = none
    int slices = 0;
    int64_t devicePeak = 0;     ///< predicted, worst program
    int64_t ramPeak = 0;        ///< predicted: ring, boundary activations, resident state, the program itself
    int64_t programBytes = 0;   ///< of ramPeak: libraries, tables and small change
    int64_t residentBytes = 0;  ///< of ramPeak: state and gradients in RAM
    int64_t boundaryBytes = 0;  ///< of ramPeak: boundary activations
    int64_t diskBytes = 0;      ///< both slots, stored gradients and boundary activations
    SimulatedCost step;         ///< steady state

    Bottleneck bottleneck() const {
        return step.readWaitSeconds + step.writeWaitSeconds > 0.1 * step.seconds ? Bottleneck::Disk
                                                                                 : Bottleneck::Compute;
    }
    /// When slices are updated, in a word: nameOf(rule), or "in place" with all state in RAM.
    const char* updateName() const { return stateOnDisk ? nameOf(rule) : "in place"; }
};

}  // namespace gsst
