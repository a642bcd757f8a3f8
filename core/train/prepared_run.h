// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/compute_backend.h"
#include "data/token_store.h"
#include "data/tokenizer.h"
#include "io/async/io_probe.h"
#include "run/run_folder.h"
#include "spec/tensor_table.h"
#include "store/run_lock.h"
#include "train/run_plan.h"
#include "train/world.h"

#include <memory>

namespace gsst {

/// A run folder in use: locked, its text tokenised, its plan made, the other ranks met. Everything a trainer needs but
/// the state.
struct PreparedRun {
    RunFolder folder;
    std::unique_ptr<FileLock> lock;
    RunRecord record;
    bool recordChanged = false;  ///< run.json is to say what `record` says, once the state has been opened
    std::unique_ptr<TensorTable> table;
    Tokenizer tokenizer = Tokenizer::bytes();
    std::unique_ptr<TokenStore> tokens;
    std::unique_ptr<ComputeBackend> backend;
    std::unique_ptr<World> world;
    IoEngine engine = IoEngine::ThreadPool;  ///< measured to be the faster one
    RunPlan planned;
};

}  // namespace gsst
