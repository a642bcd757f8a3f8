// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "io/file.h"
#include "run/run_folder.h"
#include "spec/tensor_table.h"
#include "store/state_store.h"

#include <filesystem>
#include <functional>
#include <memory>

namespace gsst {

/// A run as it was committed last, opened for reading only.
struct CommittedState {
    RunRecord record;
    std::unique_ptr<TensorTable> table;
    std::unique_ptr<StateStore> store;
};

/// Whether the run's newest commit still names the state that was opened.
bool stillCommitted(FileSystem& files, const std::filesystem::path& run, const CommittedState& state);

/// Calls `read` with the committed state of a run, which another process may train meanwhile: no lock is taken and
/// nothing is changed. The slot that is read stays as it is until the run has committed the next state; after that it
/// is written over, and its sums tell. So where `read` (or opening the state) fails with Corrupt and the run has
/// committed another state since, `read` is called again with that one. Corrupt if the damage is real; Busy if a run
/// commits so fast that no attempt came to its end; else what `read` returns.
Status readCommitted(FileSystem& files, const std::filesystem::path& run,
                     const std::function<Status(CommittedState&)>& read);

}  // namespace gsst
