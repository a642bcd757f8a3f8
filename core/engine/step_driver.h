// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/executor.h"
#include "engine/loss_scaling.h"
#include "engine/step_verdict.h"
#include "plan/compiled_plan.h"
#include "store/state_store.h"

#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <stop_token>
#include <vector>

namespace gsst {

/// How gradients are clipped, as the driver sees it: gradients without loss scale. Pure functions; the caller binds
/// them to the recipe.
struct ClipFunctions {
    std::function<double(std::span<const double> squaredNorms)> norm;  ///< of the whole gradient
    std::function<float(double norm, double previousNorm)> factor;     ///< previousNorm 0 = there is none
    std::function<float(double previousNorm)> guess;                   ///< the factor, before the norm is known
    std::function<float(std::span<const double> unitNorms)>
        factorOfUnit;  ///< if every unit is clipped by its own norm; else empty
    /// Norm that the gradient may have when it is applied (after clipping): with a larger one the update could
    /// overflow.
    double largestNorm = std::numeric_limits<double>::infinity();
};

/// Steps whose clipping says something about the run: before so many UpdateRule::Adaptive defers.
inline constexpr int kHistoryThatCounts = 8;

struct DriverOptions {
    ClipFunctions clip;
    LossScaling scaling;
    /// Of a step whose loss (nats a token) and gradient norm are finite. Pure; empty = all of them are good.
    std::function<StepVerdict(const RecentSteps& recent, double loss, double norm)> judge;
    std::function<void(CommitRecord&)> stampRecord;  ///< fills in lengths of logs; may be empty
};

/// What one training step gave.
struct DrivenStep {
    int64_t step = 0;  ///< 1-based
    LossSum loss;
    double gradientNorm = 0;  ///< without loss scale
    double lossScale = 1;     ///< that the step ran with
    double nextLossScale = 1;
    float clipFactor = 1;  ///< 1 where every unit has its own
    StepVerdict verdict;
    int skippedInARow = 0;  ///< this one included; 0 after one that was applied. An Overflow leaves it as it is
    bool wrongGuess = false;
    BackwardUpdate update = BackwardUpdate::None;
    WaitTimes waits;
    ComputeTimes compute;

    double meanLoss() const { return loss.nats / double(loss.tokens > 0 ? loss.tokens : 1); }
    bool skipped() const { return verdict.effect == StepEffect::Skipped; }  ///< the state was left alone
};

/// What of the training survives when a step is given up.
enum class Survives {
    FinishedSteps,  ///< state in RAM is committed if it is whole: all ranks do so at the same step
    LastCommit      ///< nothing is committed: other ranks may be in the middle of the step and would be waited for
};

/// Chains step programs into training steps: picks the variant of each, guesses and judges clip factors, commits, goes
/// back after a wrong guess, judges steps and skips bad ones, so that nothing that is NaN or Inf is ever committed.
/// Knows no data: the caller gives the math its batch before each step. Everything given outlives it. One thread, the
/// executor's.
class StepDriver {
public:
    StepDriver(const EngineParts& parts, const CompiledPlan& plan, DriverOptions options);

    /// Fills the copies in RAM and on the device from the committed slot. Progress in bytes.
    Status load(const std::function<void(uint64_t, uint64_t)>& progress, std::stop_token stop);

    int64_t step() const { return m_step; }  ///< last finished step
    /// Runs step() + 1. `moreToCome`: another step follows at once, so its reads may begin. Cancelled by `stop` between
    /// ops; call giveUp() then, as after every error. InvalidInput if the update of a good gradient was not finite: it
    /// is not committed.
    Result<DrivenStep> run(bool moreToCome, std::stop_token stop);

    /// Applies what is pending and commits: the committed step is step() afterwards. Refused while state in RAM is half
    /// updated.
    Status flush();
    /// Waits for all I/O of finished steps.
    Status quiesce();
    /// Forgets the step in progress. Unless finished steps survive and state in RAM has them whole, the last commit
    /// stands, and copies are stale: load() before the next step.
    Status giveUp(Survives survives);
    /// After an error: ends what is in progress, with all I/O and calls to other ranks. giveUp() or flush() has to
    /// follow.
    void abandon();
    /// The state is in RAM, and that of step().
    bool stateIsWhole() const { return !m_onDisk && !m_halfUpdated; }
    /// State in RAM is ahead of the slot.
    bool uncommitted() const { return m_uncommitted; }

    Result<StepOutcome> evaluate(int microBatches, std::stop_token stop);

private:
    BackwardUpdate chooseUpdate(bool lastClipped) const;
    std::vector<ProgramVariant> neededNow() const;
    std::vector<ProgramVariant> expectedNext(const ProgramVariant& now) const;
    void enqueue(const ProgramVariant& variant) { m_executor.enqueue(m_plan.program(variant)); }
    Status line(const std::vector<ProgramVariant>& wanted, bool moreToCome);
    Status dropAhead();
    Status runAlone(const ProgramVariant& variant, const StepContext& context);
    Status reload();
    StepContext context(float guess) const;
    AppliedUpdate applied(int64_t step, float clip, double lossScale) const;
    double scaleNow() const { return m_options.scaling.scale(m_history); }
    CommitRecord record() const;
    StepVerdict judge(const DrivenStep& step) const;
    bool guessWasRight(const DrivenStep& step, float guess) const;
    Result<DrivenStep> attempt(const ProgramVariant& variant, float guess, std::stop_token stop);
    Status conclude(DrivenStep& step, const ProgramVariant& variant, float guess, std::stop_token stop);
    Status skip();
    Status recordSkipped();
    void account(DrivenStep& step);

    EngineParts m_parts;
    const CompiledPlan& m_plan;
    DriverOptions m_options;
    bool m_onDisk;
    Executor m_executor;
    std::vector<ProgramVariant> m_ahead;  ///< enqueued, in order

    int64_t m_step = 0;
    CommitRecord m_history;  ///< clipping, skips, recent losses and norms up to m_step
    bool m_pending = false;  ///< the gradient of m_step waits for its update
    float m_pendingClip = 1.0f;
    double m_pendingLossScale = 1;
    bool m_toCommit = false;  ///< the other slot holds m_step and is not committed
    bool m_uncommitted = false;
    bool m_unrecorded = false;   ///< m_step was skipped, and no record says so yet
    bool m_halfUpdated = false;  ///< an update in place did not come to its end: the state in RAM is worth nothing
};

}  // namespace gsst
