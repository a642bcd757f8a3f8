// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/step_driver.h"

#include "engine/agreement.h"
#include "engine/host_state_load.h"

#include <cmath>
#include <utility>

namespace gsst {
namespace {

/// Squared norms of the gradient without its loss scale.
std::vector<double> unscaled(std::span<const double> squaredNorms, double lossScale) {
    std::vector<double> norms(squaredNorms.begin(), squaredNorms.end());
    for (double& norm : norms)
        norm /= lossScale * lossScale;
    return norms;
}

/// What a step begins with, in its order: the commit of what the step before it wrote, if that waits, then the step.
std::vector<ProgramVariant> programsOf(bool toCommit, const ProgramVariant& step) {
    if (toCommit)
        return {kCommitProgram, step};
    return {step};
}

}  // namespace

StepDriver::StepDriver(const EngineParts& parts, const CompiledPlan& plan, DriverOptions options)
    : m_parts(parts), m_plan(plan), m_options(std::move(options)), m_onDisk(plan.plan().stateOnDisk),
      m_executor(m_parts), m_step(parts.store->committed().step), m_history(parts.store->committed()) {}

Status StepDriver::load(const std::function<void(uint64_t, uint64_t)>& progress, std::stop_token stop) {
    GSST_TRY(loadHostState(*m_parts.store, *m_parts.table, *m_parts.host, progress, stop));
    if (m_plan.program(kLoadWeightsProgram)->ops.empty())
        return {};
    return runAlone(kLoadWeightsProgram, {});
}

BackwardUpdate StepDriver::chooseUpdate(bool lastClipped) const {
    if (!m_onDisk)
        return BackwardUpdate::None;
    const Plan& plan = m_plan.plan();
    const bool calm = m_history.clippedCount >= kHistoryThatCounts && m_history.clippedShare() < plan.breakEven;
    if (plan.rule == UpdateRule::Adaptive && (!calm || lastClipped))
        return BackwardUpdate::None;
    return backwardUpdateOf(plan.rule);
}

std::vector<ProgramVariant> StepDriver::neededNow() const {
    const bool lastClipped = m_history.clippedCount > 0 && (m_history.clippedMask & 1) != 0;
    return programsOf(m_toCommit, stepVariant(m_pending, chooseUpdate(lastClipped)));
}

/// What follows if this step neither clips nor fails.
std::vector<ProgramVariant> StepDriver::expectedNext(const ProgramVariant& now) const {
    const bool deferred = now.update == BackwardUpdate::None;
    const Plan& plan = m_plan.plan();
    const BackwardUpdate update =
        chooseUpdate(plan.rule == UpdateRule::Adaptive && deferred && m_history.clippedShare() >= plan.breakEven);
    return programsOf(!deferred, stepVariant(deferred, update));
}

/// Makes the queue begin with what this step needs, and go on with what the next one is expected to need.
Status StepDriver::line(const std::vector<ProgramVariant>& wanted, bool moreToCome) {
    if (m_ahead != wanted) {
        GSST_TRY(dropAhead());
        for (const ProgramVariant& variant : wanted)
            enqueue(variant);
    }
    m_ahead.clear();
    if (moreToCome && m_onDisk) {
        m_ahead = expectedNext(wanted.back());
        for (const ProgramVariant& variant : m_ahead)
            enqueue(variant);
    }
    return {};
}

Status StepDriver::dropAhead() {
    GSST_TRY(m_executor.drain());
    if (m_executor.queued() > 0)
        m_executor.abandon();
    m_ahead.clear();
    return {};
}

Status StepDriver::runAlone(const ProgramVariant& variant, const StepContext& context) {
    enqueue(variant);
    GSST_ASSIGN([[maybe_unused]] const StepOutcome outcome, m_executor.run(context, {}));
    return m_executor.drain();
}

/// After an update that must not stand: copies in RAM and on the device were changed in place.
Status StepDriver::reload() {
    GSST_TRY(dropAhead());
    return load({}, {});
}

CommitRecord StepDriver::record() const {
    CommitRecord record = m_history;
    record.step = m_step;
    if (m_options.stampRecord)
        m_options.stampRecord(record);
    return record;
}

StepContext StepDriver::context(float guess) const {
    StepContext context;
    context.pending = applied(m_step, m_pendingClip, m_pendingLossScale);
    context.present = applied(m_step + 1, guess, scaleNow());
    context.lossScale = scaleNow();
    return context;
}

/// Clip factor over loss scale. The quotient is exact: the scale is a power of two.
AppliedUpdate StepDriver::applied(int64_t step, float clip, double lossScale) const {
    AppliedUpdate update{step, float(double(clip) / lossScale), {}};
    if (m_options.clip.factorOfUnit)
        update.scaleOfUnit = [this, lossScale](int unit) {
            const UnitInfo& info = m_parts.table->units()[size_t(unit)];
            const auto scaled =
                std::span(m_executor.squaredNorms()).subspan(size_t(info.firstBlock), size_t(info.blockCount));
            return float(double(m_options.clip.factorOfUnit(unscaled(scaled, lossScale))) / lossScale);
        };
    return update;
}

bool StepDriver::guessWasRight(const DrivenStep& step, float guess) const {
    return !step.skipped() && (m_options.clip.factorOfUnit || step.clipFactor == guess);
}

StepVerdict StepDriver::judge(const DrivenStep& step) const {
    const double loss = step.meanLoss();
    const double norm = step.gradientNorm;
    StepVerdict verdict{StepFault::None, StepEffect::Skipped, {loss}, {norm}};
    // As floats: so they are recorded, and so the clip factor is computed.
    if (!std::isfinite(float(loss)))
        verdict.fault = StepFault::NotFinite;
    else if (!std::isfinite(float(norm)))
        verdict.fault = m_options.scaling.canShrink(m_history) ? StepFault::Overflow : StepFault::NotFinite;
    else if (!m_options.clip.factorOfUnit && norm * double(step.clipFactor) > m_options.clip.largestNorm)
        verdict.fault = StepFault::TooLarge;
    else if (m_options.judge)
        verdict = m_options.judge(m_history.recent, loss, norm);
    else
        verdict.effect = StepEffect::Applied;
    return verdict;
}

Result<DrivenStep> StepDriver::attempt(const ProgramVariant& variant, float guess, std::stop_token stop) {
    StepContext given = context(guess);
    if (variant.updating)
        given.record = record();
    GSST_ASSIGN(const StepOutcome outcome, m_executor.run(given, stop));
    if (variant.updating)
        m_pending = false;
    DrivenStep step;
    step.step = m_step + 1;
    GSST_ASSIGN(step.loss, sumLosses(*m_parts.collective, outcome.loss, m_executor.squaredNorms()));
    step.lossScale = step.nextLossScale = scaleNow();
    step.gradientNorm = m_options.clip.norm(unscaled(m_executor.squaredNorms(), step.lossScale));
    step.clipFactor =
        m_options.clip.factorOfUnit ? 1.0f : m_options.clip.factor(step.gradientNorm, m_history.gradientNorm);
    step.verdict = judge(step);
    step.update = variant.update;
    step.waits = outcome.waits;
    step.compute = outcome.compute;
    if (!outcome.updateFinite && guessWasRight(step, guess))
        return updateNotFinite(step.step, "in the backward sweep");
    return step;
}

Result<DrivenStep> StepDriver::run(bool moreToCome, std::stop_token stop) {
    GSST_TRY(recordSkipped());
    const std::vector<ProgramVariant> needed = neededNow();
    const ProgramVariant now = needed.back();
    GSST_TRY(line(needed, moreToCome));
    if (m_toCommit) {
        StepContext committing;
        committing.record = record();
        GSST_ASSIGN([[maybe_unused]] const StepOutcome outcome, m_executor.run(committing, {}));
        m_toCommit = false;
    }
    const float guess = m_options.clip.guess(m_history.gradientNorm);
    GSST_ASSIGN(DrivenStep step, attempt(now, guess, stop));
    GSST_TRY(conclude(step, now, guess, stop));
    return step;
}

/// Gives the step its effect.
Status StepDriver::conclude(DrivenStep& step, const ProgramVariant& variant, float guess, std::stop_token stop) {
    const bool updated = variant.update != BackwardUpdate::None;
    if (updated && !guessWasRight(step, guess)) {
        GSST_TRY(reload());
        step.wrongGuess = !step.skipped();
    }
    if (step.wrongGuess && variant.update == BackwardUpdate::Speculative) {
        // The same gradients again, now with the factor known.
        const ProgramVariant again = stepVariant(false, BackwardUpdate::Speculative);
        enqueue(again);
        const double firstNorm = step.gradientNorm;
        GSST_ASSIGN(DrivenStep second, attempt(again, step.clipFactor, stop));
        if (second.gradientNorm != firstNorm)
            return Error{ErrorCode::Internal, "A step did not repeat", "step " + std::to_string(step.step),
                         "computed twice from the same state, its gradient came out different",
                         "This points to failing memory or an overclocked processor: test them before you go on"};
        second.wrongGuess = true;
        second.waits += step.waits;
        second.compute += step.compute;
        step = second;
    }
    account(step);
    if (step.skipped())
        return skip();
    m_toCommit = updated && (!step.wrongGuess || variant.update == BackwardUpdate::Speculative);
    m_pending = !m_toCommit;
    m_pendingClip = step.clipFactor;
    m_pendingLossScale = step.lossScale;
    if (m_onDisk)
        return {};
    // State in RAM is updated at once and in place: it cannot be rolled back, so no stop may fall into it.
    enqueue(kUpdateOnlyProgram);
    m_halfUpdated = true;
    GSST_ASSIGN(const StepOutcome outcome, m_executor.run(context(1.0f), {}));
    m_halfUpdated = false;
    step.compute += outcome.compute;
    m_pending = false;
    m_uncommitted = true;
    return {};
}

void StepDriver::account(DrivenStep& step) {
    ++m_step;
    if (std::isfinite(float(step.gradientNorm)))
        m_options.scaling.noteFinite(m_history);
    else if (std::isfinite(float(step.meanLoss())))
        m_options.scaling.noteOverflow(m_history);
    step.nextLossScale = scaleNow();
    // That the scale was too large says nothing about the run.
    if (step.verdict.fault != StepFault::Overflow)
        m_history.skippedInARow = step.skipped() ? m_history.skippedInARow + 1 : 0;
    m_history.skippedSteps += step.skipped() ? 1 : 0;
    step.skippedInARow = m_history.skippedInARow;
    if (step.skipped())
        return;
    m_history.recent.add(float(step.meanLoss()), float(step.gradientNorm));
    m_history.gradientNorm = step.gradientNorm;
    m_history.noteClipped(step.clipFactor < 1.0f);
}

/// The state stays as it was; that the step is done is worth a record, so that a resumed run goes on with the next
/// data.
Status StepDriver::skip() {
    GSST_TRY(dropAhead());
    m_pending = false;
    (m_onDisk ? m_unrecorded : m_uncommitted) = true;
    return {};
}

/// Not before the next step: only then the log has the line of the skipped one, and the record says how long the log
/// is.
Status StepDriver::recordSkipped() {
    if (!std::exchange(m_unrecorded, false))
        return {};
    GSST_TRY(commitTogether(*m_parts.collective, *m_parts.store, m_parts.store->committedSlot(), record()));
    if (m_parts.observer)
        m_parts.observer->committed(m_parts.store->committed());
    return {};
}

Status StepDriver::flush() {
    if (m_halfUpdated)
        return Error{ErrorCode::Internal, "The state cannot be saved", "step " + std::to_string(m_step),
                     "its update did not come to its end", "The last commit is good: resume the run"};
    GSST_TRY(dropAhead());
    GSST_TRY(recordSkipped());
    StepContext given = context(1.0f);
    if (m_toCommit || m_pending || m_uncommitted)
        given.record = record();
    if (m_toCommit) {
        GSST_TRY(runAlone(kCommitProgram, given));
        m_toCommit = false;
    }
    if (m_pending) {
        GSST_TRY(runAlone(kUpdateOnlyProgram, given));
        m_pending = false;
    }
    if (m_uncommitted) {
        GSST_TRY(runAlone(kWriteOutProgram, given));
        m_uncommitted = false;
    }
    return {};
}

Status StepDriver::quiesce() {
    return dropAhead();
}

void StepDriver::abandon() {
    m_executor.abandon();
    m_ahead.clear();
}

Status StepDriver::giveUp(Survives survives) {
    abandon();
    if (survives == Survives::FinishedSteps) {
        if (stateIsWhole())
            return flush();
        GSST_TRY(recordSkipped());
    }
    m_pending = m_toCommit = m_uncommitted = m_halfUpdated = m_unrecorded = false;
    m_history = m_parts.store->committed();
    m_step = m_history.step;
    return {};
}

Result<StepOutcome> StepDriver::evaluate(int microBatches, std::stop_token stop) {
    m_executor.enqueue(m_plan.evaluation(microBatches));
    return m_executor.run({}, stop);
}

}  // namespace gsst
