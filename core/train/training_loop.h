// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "run/run_log.h"
#include "service/command_inbox.h"
#include "trace/trace_writer.h"
#include "train/activity_observer.h"
#include "train/give_up_step.h"
#include "train/observer_list.h"
#include "train/open_run.h"
#include "train/planned_step_time.h"
#include "train/trainer.h"

#include <cstdint>
#include <memory>
#include <optional>

namespace gsst {

/// The life of one run on the worker's thread: step after step until the end, between steps validation, samples,
/// commits and whatever the user commands. References outlive it.
class TrainingLoop {
public:
    /// `trace` may be null.
    TrainingLoop(FileSystem& files, PreparedRun& run, CommandInbox& inbox, EventSink sink, TraceWriter* trace);

    /// Returns when the run is finished, stopped by the user, cancelled by quit, or failed. Memory that is refused
    /// fails no run as long as there is a smaller plan: the run goes on with it from the last commit, on all ranks if
    /// there are others.
    Status run();
    int64_t committedStep() const { return m_observer.committedStep(); }

private:
    enum class Next { Continue, Paused, Stopped };

    Status openTrainer();
    Status saveRecord();
    Status trainToTheEnd();
    bool isShort(const Status& status) const;
    Status replan(const Error& cause);
    Status checkState();
    Status catchUp();
    Status trainUntilPause(Next& next);
    Status oneStep();
    Result<StepResult> runStep();
    Status finish();
    Status handleAll(Next& next);
    Result<Next> handle(Command command);
    Status validate();
    Status sample();
    Status report(const StepResult& result);
    Status tellOfFault(const StepResult& result);
    Status writeLine(const StepDone& done);
    bool due(int64_t interval, int64_t step) const { return interval > 0 && step % interval == 0; }
    bool validationDue(int64_t step) const { return training().evaluates() && due(training().evaluateEvery, step); }
    bool interruptsAfter(int64_t step) const;
    std::stop_token stepToken() { return m_run.world->stepToken(m_inbox); }
    void log(LogLine::Level level, std::string text) { m_sink(LogLine{level, std::move(text)}); }
    const TrainSpec& training() const { return m_run.record.spec.training; }

    FileSystem& m_files;
    PreparedRun& m_run;
    CommandInbox& m_inbox;
    EventSink m_sink;
    ActivityObserver m_observer;
    TraceWriter* m_trace;  ///< may be null
    ObserverList m_bothObservers;
    std::unique_ptr<RunLog> m_log;
    std::unique_ptr<Trainer> m_trainer;
    std::optional<Shortage> m_shortage;  ///< the last one of this trainer, or of the one that could not be opened
    PlanCause m_planCause = PlanCause::Opened;
    double m_secondsPerStep = 0;                ///< smoothed
    std::optional<PlannedStepTime> m_stepTime;  ///< of the trainer that is open
    int64_t m_validatedStep = -1;
};

}  // namespace gsst
