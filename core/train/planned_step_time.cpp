// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/planned_step_time.h"

#include "base/units.h"
#include "insight/explain_plan.h"

#include <algorithm>
#include <cstdio>
#include <thread>

namespace gsst {
namespace {

/// Of the step alone, in the simulation.
double simulatedSeconds(const PreparedRun& run, const HardwareProfile& hardware) {
    const PlanBasis basis{run.planned.part, *run.table, hardware, run.planned.limits};
    return listStep(compiledFor(basis, run.planned.plan), hardware).seconds;
}

}  // namespace

PlannedStepTime::PlannedStepTime(const PreparedRun& run)
    : m_run(run), m_watch(run.record.spec.training.threads, int64_t(std::thread::hardware_concurrency())),
      m_seconds(run.planned.plan.step.seconds) {}

void PlannedStepTime::planAgain(int64_t step, const EventSink& sink) {
    if (m_run.world->place().ranks > 1)
        return;
    const auto share = m_watch.look(m_since.seconds(), processorTime());
    if (!share)
        return;
    Planned planned = plannedEvent(m_run, step, PlanCause::OtherPrograms);
    planned.secondsPerStep = plannedSeconds(m_run, *share);
    sink(LogLine{LogLine::Level::Info, sentenceOf(*share, m_seconds, planned.secondsPerStep)});
    m_seconds = planned.secondsPerStep;
    sink(planned);
}

double plannedSeconds(const PreparedRun& run, const ProcessorShare& share) {
    if (share.share >= 1)
        return run.planned.plan.step.seconds;
    HardwareProfile slower = run.planned.hardware;
    ComputeRates& rates = slower.compute;
    for (double ComputeRates::* rate :
         {&ComputeRates::forwardFlops, &ComputeRates::backwardFlops, &ComputeRates::keptBackwardFlops,
          &ComputeRates::headFlops, &ComputeRates::updateBytes})
        rates.*rate *= share.share;
    // By what it makes a step longer: the plan's own time is that of several steps, which may differ.
    return run.planned.plan.step.seconds * simulatedSeconds(run, slower) /
           std::max(1e-9, simulatedSeconds(run, run.planned.hardware));
}

std::string sentenceOf(const ProcessorShare& share, double before, double now) {
    char others[32];
    std::snprintf(others, sizeof(others), "%.1f", share.others);
    const std::string time =
        "a step takes about " + formatSeconds(now) + " instead of " + formatSeconds(before) + ", by the plan";
    return share.share < 1 ? std::string("Other programs keep ") + others + " processor cores busy: " + time
                           : "The processor is free of other programs again: " + time;
}

}  // namespace gsst
