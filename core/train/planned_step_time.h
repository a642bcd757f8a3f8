// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "machine/processor_watch.h"
#include "train/open_run.h"

#include <cstdint>
#include <string>

namespace gsst {

/// The time of a step by the plan of a run that trains. It is measured for a processor that has nothing else to do:
/// when other programs take it, or leave it again, the time is planned again, so that it can be compared with what
/// steps take. The plan itself stays: what it computes, and in which order, does not depend on other programs. Where
/// several ranks train, the time stays too: they wait for each other, and one does not know what holds up another. One
/// thread.
class PlannedStepTime {
public:
    /// Of a plan that has just been told. `run` outlives it.
    explicit PlannedStepTime(const PreparedRun& run);

    /// After a step: tells `sink` of a new time, if there is one, by a Planned and a line of the log.
    void planAgain(int64_t step, const EventSink& sink);

private:
    const PreparedRun& m_run;
    ProcessorWatch m_watch;
    Stopwatch m_since;
    double m_seconds;  ///< as told last
};

/// Seconds that a step of the run's plan takes with this share of the processor.
double plannedSeconds(const PreparedRun& run, const ProcessorShare& share);

/// For the log: who takes the processor, and what a step takes now instead of `before` seconds.
std::string sentenceOf(const ProcessorShare& share, double before, double now);

}  // namespace gsst
