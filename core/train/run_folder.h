// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "io/file.h"
#include "plan/planner.h"
#include "spec/run_spec.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace gsst {

/// The names inside a run folder; README.md shows the whole of it.
struct RunFolder {
    std::filesystem::path root;

    std::filesystem::path lock() const { return root / "LOCK"; }
    std::filesystem::path runJson() const { return root / "run.json"; }
    std::filesystem::path head() const { return root / "HEAD"; }
    std::filesystem::path work() const { return root / "work"; }
    std::filesystem::path gradients() const { return work() / "gradients"; }
    std::filesystem::path boundaries() const { return work() / "boundaries"; }
    std::filesystem::path metrics() const { return root / "metrics.jsonl"; }
    std::filesystem::path samples() const { return root / "samples.jsonl"; }
    std::filesystem::path tokenizer() const { return root / "tokenizer"; }
    std::filesystem::path data() const { return root / "data"; }
};

/// What run.json says beside the recipe: choices that were made once, at the start, and belong to the run's fingerprint.
struct RunRecord {
    RunSpec spec;                      ///< with the micro-batch and thread count that the run really uses
    std::string device = "cpu";
    std::vector<std::string> textFiles;///< what it was started with, for people; run.json has the first thousand
    uint64_t textBytes = 0;
};

/// Writes run.json so that a crash leaves the old or the new one.
Status writeRunRecord(FileSystem& files, const RunFolder& folder, const RunRecord& record);

/// Reads and validates run.json. A folder without one is NotFound; a newer version is NewerVersion.
Result<RunRecord> readRunRecord(FileSystem& files, const RunFolder& folder);

}  // namespace gsst
