// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "io/file.h"
#include "service/event_sink.h"
#include "service/training_service.h"
#include "train/prepared_run.h"
#include "train/trainer.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>

namespace gsst {

/// Turns a request into a run folder with tokenizer, tokens, initial state and run.json. The plan is checked before
/// anything is written. What a cancelled or failed preparation left is removed or reused by the next one in the same
/// folder.
Result<std::unique_ptr<PreparedRun>> prepareNewRun(FileSystem& files, const RunRequest& request, const EventSink& sink,
                                                   std::stop_token stop);

/// What a run that goes on does differently from here on. run.json learns of it when the state turned out to be good.
struct RunChanges {
    int64_t steps = 0;                              ///< 0 = the run's own number
    std::optional<int64_t> evaluateSequences = {};  ///< none = the run's own number
};

/// Opens a run that was prepared before.
Result<std::unique_ptr<PreparedRun>> openExistingRun(FileSystem& files, const std::filesystem::path& folder,
                                                     const RunChanges& changes, const EventSink& sink,
                                                     std::stop_token stop = {});

/// What a trainer of `run` needs; who hears of what it does is left to the caller. `run` outlives it.
TrainerParts partsOf(FileSystem& files, const PreparedRun& run);

/// The figures of the plan as an event.
Planned plannedEvent(const PreparedRun& run, int64_t firstStep, PlanCause cause);

}  // namespace gsst
