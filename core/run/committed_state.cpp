// SPDX-License-Identifier: GPL-3.0-or-later
#include "run/committed_state.h"

#include "io/io_error.h"
#include "store/commit_log.h"

#include <optional>
#include <utility>

namespace gsst {
namespace {

constexpr int kAttempts = 20;

Result<CommittedState> openCommitted(FileSystem& files, const std::filesystem::path& run) {
    CommittedState state;
    GSST_ASSIGN(state.record, readRunRecord(files, {run}));
    state.table = std::make_unique<TensorTable>(state.record.spec.model);
    const StateFormat format(*state.table, state.record.spec.training.state,
                             optimizerSpec(state.record.spec.training.optimizer), state.record.share());
    GSST_ASSIGN(state.store, StateStore::openForReading(files, run, *state.table, format, Caching::Direct));
    return state;
}

Status readOnce(FileSystem& files, const std::filesystem::path& run,
                const std::function<Status(CommittedState&)>& read) {
    GSST_ASSIGN(CommittedState state, openCommitted(files, run));
    return read(state);
}

/// The newest record by which state it names; nothing if there is none.
std::optional<std::pair<int, Hash128>> newestState(FileSystem& files, const std::filesystem::path& run) {
    const auto record = readNewestRecord(files, run);
    return record.ok() ? std::optional(std::pair(record->slot, record->rootHash)) : std::nullopt;
}

}  // namespace

bool stillCommitted(FileSystem& files, const std::filesystem::path& run, const CommittedState& state) {
    const CommitRecord& opened = state.store->committed();
    return newestState(files, run) == std::pair(opened.slot, opened.rootHash);
}

Status readCommitted(FileSystem& files, const std::filesystem::path& run,
                     const std::function<Status(CommittedState&)>& read) {
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        const auto before = newestState(files, run);
        Status status = readOnce(files, run, read);
        // What overwrites a slot begins after the record of the other one is durable: a newer record is there by then.
        if (status.ok() || status.error().code != ErrorCode::Corrupt || newestState(files, run) == before)
            return status;
    }
    return Error{ErrorCode::Busy, "The run commits faster than its state can be read", pathText(run),
                 "it was written over " + std::to_string(kAttempts) + " times while it was read",
                 "Pause the run, or try again later"};
}

}  // namespace gsst
