// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "io/file.h"
#include "service/event_sink.h"
#include "train/prepared_run.h"

namespace gsst {

/// Settles what the recipe of `run` leaves to this machine: the number of threads. From here on that is part of the
/// run. Its other processes may have another number.
void resolveThreads(RunSpec& spec, const ProcessRank& place);

/// The same for how products are made, which all ranks must have in common: by the slowest of them.
Status resolveProductsTogether(FileSystem& files, PreparedRun& run, const EventSink& sink);

/// Measures this machine and makes the plan of `run`, within the ceilings of its record where those still allow one.
/// The same on all ranks, which all call this. `driveBytesPerSecond`: see RunRequest. OverBudget if there is no plan.
Status planRun(FileSystem& files, PreparedRun& run, const MachineLimits& limits, double driveBytesPerSecond);

}  // namespace gsst
