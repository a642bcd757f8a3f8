// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/training_loop.h"

#include "base/cancelled.h"
#include "base/units.h"
#include "engine/agreement.h"
#include "insight/explain_plan.h"
#include "optim/schedule.h"
#include "run/describe_damage.h"
#include "run/state_files.h"
#include "train/rank_rendezvous.h"
#include "train/replan.h"
#include "train/step_faults.h"
#include "train/text_sample.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace gsst {
namespace {

Error damagedState(const std::filesystem::path& folder, const TensorTable& table, const VerifyReport& report) {
    const DamagedBlock& first = report.damaged.front();
    std::string why =
        "the " + std::string(nameOf(first.kind)) + " of " + wordsFor(first, table) + ", are not what was written";
    if (report.damaged.size() > 1)
        why += ", nor are " + std::to_string(report.damaged.size() - 1) + " other blocks";
    return {ErrorCode::Corrupt, "The saved state is damaged", (folder / first.file).string(), why,
            "Nothing was changed. Check the drive, then run 'gsst verify' on the folder: it tells what is damaged and "
            "whether the commit before can still be used"};
}

}  // namespace

TrainingLoop::TrainingLoop(FileSystem& files, PreparedRun& run, CommandInbox& inbox, EventSink sink, TraceWriter* trace)
    : m_files(files), m_run(run), m_inbox(inbox), m_sink(std::move(sink)), m_observer(m_sink), m_trace(trace),
      m_bothObservers({&m_observer, m_trace}) {}

Status TrainingLoop::openTrainer() {
    const ByteProgress progress = [this](uint64_t done, uint64_t total) {
        m_sink(Progress{"Loading the model", done >> 20, total >> 20, "MiB"});
    };
    TrainerParts parts = partsOf(m_files, m_run);
    parts.observer = m_trace ? static_cast<EngineObserver*>(&m_bothObservers) : &m_observer;
    parts.stampRecord = [this](CommitRecord& record) {
        if (const Status status = m_log->stamp(record); !status.ok())
            log(LogLine::Level::Warning, status.error().text());
    };
    parts.onShortage = [this](const Shortage& shortage) { m_shortage = shortage; };
    m_shortage.reset();
    GSST_ASSIGN(m_trainer, Trainer::open(parts, *m_run.table, progress, m_inbox.stopToken()));
    for (const std::string& notice : m_trainer->store().notices())
        log(LogLine::Level::Warning, notice);
    GSST_TRY(checkState());
    GSST_ASSIGN(m_log, RunLog::open(m_files, m_run.folder, m_trainer->store().committed()));
    GSST_TRY(saveRecord());
    if (m_trace)
        m_trace->expect(listStep(m_trainer->plan(), m_run.planned.hardware));
    m_observer.expect(m_trainer->committedStep());
    m_sink(plannedEvent(m_run, m_trainer->step(), std::exchange(m_planCause, PlanCause::Opened)));
    m_stepTime.emplace(m_run);
    m_sink(StateChanged{RunState::Training, m_trainer->step()});
    return {};
}

/// What the next steps are computed with is durable before they are.
Status TrainingLoop::saveRecord() {
    const bool dated = dateReplans(m_run.record, m_trainer->step());
    if (dated || m_run.recordChanged)
        GSST_TRY(writeRunRecord(m_files, m_run.folder, m_run.record));
    m_run.recordChanged = false;
    return {};
}

/// The first step after opening writes over the commit before this one, and reads the whole of this one only after
/// that: damage must be known first, while there is still a state to go back to. State in RAM was checked as it was
/// read.
Status TrainingLoop::checkState() {
    StateStore& store = m_trainer->store();
    if (m_run.planned.plan.stateOnDisk && store.committed().step > 0) {
        const auto progress = [this](uint64_t done, uint64_t total) {
            m_sink(Progress{"Checking the saved state", done >> 20, total >> 20, "MiB"});
        };
        GSST_ASSIGN(const VerifyReport report, store.verify(false, progress, m_inbox.stopToken()));
        if (!report.damaged.empty())
            return damagedState(m_run.folder.root, *m_run.table, report);
    }
    return {};
}

/// A stop may have come between the commit of a step and the validation or sample that it was to have.
Status TrainingLoop::catchUp() {
    const int64_t step = m_trainer->step();
    if (m_log->hasValidation())
        m_validatedStep = step;
    if (step > 0 && validationDue(step) && !m_log->hasValidation())
        GSST_TRY(validate());
    if (step > 0 && due(training().sampleEvery, step) && !m_log->hasSample())
        GSST_TRY(sample());
    return {};
}

Status TrainingLoop::run() {
    for (;;) {
        Status status = trainToTheEnd();
        if (!isShort(status))
            return status;
        GSST_TRY(replan(status.error()));
    }
}

/// Whether memory was refused that a smaller plan may do without, here or on another rank.
bool TrainingLoop::isShort(const Status& status) const {
    return !status.ok() && status.error().code == ErrorCode::OutOfMemory &&
           (m_shortage || m_run.world->shortElsewhere());
}

/// Gives back all memory, and makes a plan that needs less of it.
Status TrainingLoop::replan(const Error& cause) {
    std::optional<Refused> refused;
    if (m_shortage)
        refused = Refused{*m_shortage, cause.what};
    GSST_ASSIGN(const GivenUp step, m_run.world->giveUpStep(m_trainer.get(), refused, m_sink));
    m_trainer.reset();
    m_log.reset();
    GSST_ASSIGN(SmallerPlan smaller, planSmaller(m_run, step.shortage));
    GSST_TRY(checkSamePlan(m_run.world->collective(), smaller.plan));
    log(LogLine::Level::Warning, sentenceOf(step, m_run.planned.plan, smaller.plan));
    m_run.planned.adopt(std::move(smaller.plan));
    noteReplan(m_run, smaller.ceilings);
    m_planCause = PlanCause::OutOfMemory;
    m_secondsPerStep = 0;
    m_sink(StateChanged{RunState::Preparing, step.lastStep.value_or(0)});
    return {};
}

Status TrainingLoop::trainToTheEnd() {
    GSST_TRY(openTrainer());
    for (;;) {
        Next next = Next::Continue;
        GSST_TRY(trainUntilPause(next));
        if (next != Next::Paused)
            return finish();
        const int64_t step = m_trainer->committedStep();
        m_trainer.reset();  // device memory, staging and files are given back here
        m_log.reset();
        m_sink(StateChanged{RunState::Paused, step});
        for (bool waiting = true; waiting;) {
            const auto command = m_inbox.wait();
            if (!command)
                return cancelled("Training", "Resume the run to go on");
            if (*command == Command::Stop)
                return {};
            waiting = *command != Command::Resume;
        }
        m_sink(StateChanged{RunState::Preparing, step});
        GSST_TRY(openTrainer());
    }
}

Status TrainingLoop::trainUntilPause(Next& next) {
    next = Next::Continue;
    for (bool caughtUp = false; next == Next::Continue && (!caughtUp || m_trainer->step() < training().steps);) {
        Status status = handleAll(next);
        if (status.ok() && next != Next::Continue)
            return {};
        if (status.ok()) {
            status = caughtUp ? oneStep() : catchUp();
            caughtUp = true;
        }
        if (status.ok())
            continue;
        if (status.error().code != ErrorCode::Cancelled)
            return status;
        // PauseNow or the end of the program: the step in progress is given up.
        m_sink(StateChanged{RunState::Pausing, m_trainer->step()});
        GSST_TRY(m_run.world->forgetStep(*m_trainer));
        if (m_inbox.quitting())
            return status;
        while (const auto command = m_inbox.poll())
            if (*command == Command::PauseNow)
                break;
        next = Next::Paused;
    }
    return {};
}

/// The next step, and in the trace if there is one.
Result<StepResult> TrainingLoop::runStep() {
    const bool more = !interruptsAfter(m_trainer->step() + 1);
    if (!m_trace)
        return m_trainer->runStep(more, stepToken());
    m_trace->stepStarted(m_trainer->step() + 1);
    GSST_ASSIGN(StepResult result, m_trainer->runStep(more, stepToken()));
    m_trace->stepDone();
    if (auto notice = m_trace->takeNotice())
        m_sink(*std::move(notice));
    return result;
}

Status TrainingLoop::oneStep() {
    GSST_ASSIGN(const StepResult result, runStep());
    GSST_TRY(report(result));
    m_stepTime->planAgain(m_trainer->step(), m_sink);
    GSST_TRY(tellOfFault(result));
    const int64_t step = m_trainer->step();
    if (validationDue(step))
        GSST_TRY(validate());
    if (due(training().sampleEvery, step))
        GSST_TRY(sample());
    return {};
}

/// The run ends with an error if too many steps in a row were skipped. Their number is in the commit record: a run that
/// was interrupted between them pauses at the same step.
Status TrainingLoop::tellOfFault(const StepResult& result) {
    if (result.nextLossScale != result.lossScale)
        log(LogLine::Level::Info, sentenceOfScale(result));
    if (result.verdict.fault == StepFault::None || result.verdict.fault == StepFault::Overflow)
        return {};
    const UnusualStep event = unusualStep(result);
    m_sink(event);
    log(LogLine::Level::Warning, sentenceOf(event));
    if (!event.skipped || event.skippedInARow % kSkipsThatPause != 0)
        return {};
    GSST_TRY(m_trainer->flush());  // state in RAM is as good as before these steps, and worth keeping
    return becameUnstable(event, m_run.folder.root);
}

bool TrainingLoop::interruptsAfter(int64_t step) const {
    return step >= training().steps || validationDue(step) || due(training().sampleEvery, step);
}

/// Until one of the commands ends the training for now.
Status TrainingLoop::handleAll(Next& next) {
    while (next == Next::Continue) {
        const CommitTimer timer = m_trainer->commitDue() ? CommitTimer::Due : CommitTimer::Running;
        GSST_ASSIGN(const std::optional<Command> command, m_run.world->nextCommand(m_inbox, timer, m_sink));
        if (!command)
            break;
        GSST_ASSIGN(next, handle(*command));
    }
    return {};
}

Result<TrainingLoop::Next> TrainingLoop::handle(Command command) {
    switch (command) {
    case Command::PauseNow:
        m_sink(StateChanged{RunState::Pausing, m_trainer->step()});
        GSST_TRY(m_run.world->forgetStep(*m_trainer));
        return Next::Paused;
    case Command::PauseAfterStep:
        m_sink(StateChanged{RunState::Pausing, m_trainer->step()});
        GSST_TRY(m_trainer->flush());
        return Next::Paused;
    case Command::Stop:
        return Next::Stopped;
    case Command::SampleNow:
        GSST_TRY(sample());
        return Next::Continue;
    case Command::CommitNow:
        GSST_TRY(m_trainer->flush());
        return Next::Continue;
    case Command::Resume:
        return Next::Continue;
    }
    return Next::Continue;
}

Status TrainingLoop::finish() {
    m_sink(StateChanged{RunState::Finishing, m_trainer->step()});
    GSST_TRY(m_trainer->flush());
    const bool complete = m_trainer->step() >= training().steps;
    if (complete && training().evaluates() && m_validatedStep != m_trainer->step())
        GSST_TRY(validate());
    if (complete && training().sampleEvery > 0 && !due(training().sampleEvery, m_trainer->step()))
        GSST_TRY(sample());
    // None leaves while another one may run short: that one would need it.
    GSST_TRY(gatherValues(m_run.world->collective(), Channel::Steps, uint8_t{0}));
    const int64_t step = m_trainer->step();
    m_trainer.reset();
    m_sink(StateChanged{complete ? RunState::Finished : RunState::Paused, step});
    return {};
}

Status TrainingLoop::validate() {
    GSST_ASSIGN(const EvaluationResult result, m_trainer->evaluate(stepToken()));
    if (result.tokens == 0)
        return {};
    m_validatedStep = m_trainer->step();
    const Validated validated{m_trainer->step(), result.loss, result.tokens};
    GSST_TRY(m_log->add(validated));
    m_sink(validated);
    return {};
}

Status TrainingLoop::sample() {
    GSST_TRY(m_trainer->flush());
    const auto text = sampleText(*m_trainer, m_run, stepToken());
    if (!text.ok() && text.error().code == ErrorCode::OutOfMemory) {
        // No plan of the training would change that, and nothing depends on it.
        log(LogLine::Level::Warning,
            "The sample of step " + std::to_string(m_trainer->step()) + " is left out. " + text.error().text());
        m_shortage.reset();
        return {};
    }
    GSST_TRY(text);
    const Sampled sampled{m_trainer->step(), training().samplePrompt, *text};
    GSST_TRY(m_log->add(sampled));
    m_sink(sampled);
    return {};
}

/// A step whose line cannot be written ends the run, so that no line is ever missing among others: with state on disk
/// the commit before it stands, and the step is done again. State in RAM is saved first: minutes of work are worth more
/// than the last line.
Status TrainingLoop::writeLine(const StepDone& done) {
    Status status = m_log->add(done);
    if (!status.ok() && !m_run.planned.plan.stateOnDisk)
        GSST_TRY(m_run.world->saveBeforeError(*m_trainer));
    return status;
}

Status TrainingLoop::report(const StepResult& result) {
    StepDone done = result;
    done.learningRate = learningRate(training(), result.step);
    done.tokensPerSecond = double(training().tokensPerStep()) / std::max(1e-9, result.seconds);
    m_secondsPerStep = m_secondsPerStep == 0 ? result.seconds : 0.9 * m_secondsPerStep + 0.1 * result.seconds;
    done.secondsLeft = m_secondsPerStep * double(training().steps - result.step);
    done.epoch = double(result.step) * double(training().tokensPerStep()) /
                 std::max(1.0, double(m_run.tokens->size()) * (1.0 - m_run.record.spec.data.validationShare));
    GSST_TRY(writeLine(done));
    m_sink(done);
    return {};
}

}  // namespace gsst
