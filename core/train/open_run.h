// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/compute_backend.h"
#include "base/result.h"
#include "data/token_store.h"
#include "data/tokenizer.h"
#include "io/async/io_probe.h"
#include "io/file.h"
#include "plan/search/planner.h"
#include "ranks/ranks.h"
#include "run/run_folder.h"
#include "service/events.h"
#include "service/training_service.h"
#include "spec/tensor_table.h"
#include "store/run_lock.h"
#include "train/trainer.h"

#include <functional>
#include <memory>
#include <stop_token>

namespace gsst {

/// A run folder in use: locked, its text tokenised, its plan made. Everything a trainer needs but the state.
struct OpenRun {
    RunFolder folder;
    std::unique_ptr<FileLock> lock;
    RunRecord record;
    bool recordChanged = false;  ///< run.json is to say what `record` says, once the state has been opened
    std::unique_ptr<TensorTable> table;
    Tokenizer tokenizer = Tokenizer::bytes();
    std::unique_ptr<TokenStore> tokens;
    Budget budget;  ///< with `hardware`, `limits` and the share of the recipe what the plan was made from; the same on
                    ///< all ranks
    HardwareProfile hardware;
    MachineLimits limits;
    Plan plan;
    std::unique_ptr<ComputeBackend> backend;
    ProcessRank place;
    std::unique_ptr<RankGroup> collective;   ///< null if this process trains alone
    IoEngine engine = IoEngine::ThreadPool;  ///< measured to be the faster one
};

/// Where preparation tells how far it is.
using EventSink = std::function<void(Event)>;

/// Turns a request into a run folder with tokenizer, tokens, initial state and run.json. The plan is checked before
/// anything is written. What a cancelled or failed preparation left is removed or reused by the next one in the same
/// folder.
Result<std::unique_ptr<OpenRun>> prepareNewRun(FileSystem& files, const RunRequest& request, const EventSink& sink,
                                               std::stop_token stop);

/// Opens a run that was prepared before. `steps` > 0 replaces the number of steps.
Result<std::unique_ptr<OpenRun>> openExistingRun(FileSystem& files, const std::filesystem::path& folder, int64_t steps,
                                                 const EventSink& sink, std::stop_token stop = {});

/// The figures of the plan as an event.
Planned plannedEvent(const OpenRun& run, int64_t firstStep, PlanCause cause);

}  // namespace gsst
