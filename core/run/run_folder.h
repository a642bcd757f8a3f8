// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/device_id.h"
#include "base/result.h"
#include "io/file.h"
#include "plan/search/planner.h"
#include "spec/run_spec.h"
#include "spec/state_format.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace gsst {

/// The names inside a run folder; resources/help/run-folder.md shows the whole of it.
struct RunFolder {
    std::filesystem::path root;

    std::filesystem::path lock() const { return root / "LOCK"; }
    std::filesystem::path runJson() const { return root / "run.json"; }
    std::filesystem::path head() const { return root / "HEAD"; }
    std::filesystem::path work() const { return root / "work"; }
    std::filesystem::path gradients() const { return work() / "gradients"; }
    std::filesystem::path shares() const { return work() / "shares"; }
    std::filesystem::path boundaries() const { return work() / "boundaries"; }
    std::filesystem::path metrics() const { return root / "metrics.jsonl"; }
    std::filesystem::path samples() const { return root / "samples.jsonl"; }
    std::filesystem::path tokenizer() const { return root / "tokenizer"; }
    std::filesystem::path data() const { return root / "data"; }
};

/// What plans may count on since memory was refused; 0 = what the budget and the machine allow.
struct MemoryCeilings {
    int64_t deviceBytes = 0;
    int64_t ramBytes = 0;
    bool operator==(const MemoryCeilings&) const = default;
};

/// A change of plan after the start. The newest one holds.
struct Replan {
    int64_t firstStep = 0;   ///< that was computed with it; 0 = will be known when the state has been opened
    int64_t microBatch = 0;  ///< sequences, since then: it decides the order of sums, and so the bits
    int64_t microBatchBefore = 0;
    MemoryCeilings ceilings;
    bool operator==(const Replan&) const = default;
};

/// What run.json says beside the recipe: choices that were made once, at the start, and belong to the run's
/// fingerprint.
struct RunRecord {
    RunSpec spec;                        ///< with the micro-batch and thread count that the run really uses now
    DeviceId device;                     ///< that it was started on
    std::vector<std::string> textFiles;  ///< what it was started with, for people; run.json has the first thousand
    uint64_t textBytes = 0;
    std::vector<Replan> replans;  ///< oldest first

    int rank = 0;  ///< which of the processes that train together this folder belongs to
    int ranks = 1;

    StateShard share() const { return {rank, ranks, spec.training.precision}; }
    MemoryCeilings ceilings() const { return replans.empty() ? MemoryCeilings{} : replans.back().ceilings; }
};

/// Writes run.json so that a crash leaves the old or the new one. Version 1 for one process whose plan was never
/// changed, 2 if it was, 3 for one of several processes, 4 with widened products of bf16: older programs refuse what
/// they do not know, because the bits depend on it.
Status writeRunRecord(FileSystem& files, const RunFolder& folder, const RunRecord& record);

/// Reads and validates run.json. A folder without one is NotFound; a newer version is NewerVersion.
Result<RunRecord> readRunRecord(FileSystem& files, const RunFolder& folder);

}  // namespace gsst
