// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "io/file.h"
#include "store/commit_record.h"
#include "store/jsonl_log.h"
#include "train/events.h"
#include "train/run_folder.h"

#include <memory>

namespace gsst {

/// metrics.jsonl and samples.jsonl of a run. One line per step, validation or sample; what a commit does not cover is cut off
/// on resume, so that a step is never listed twice. One thread.
class RunLog {
public:
    /// Opens both and cuts them to the lengths that `record` states.
    static Result<std::unique_ptr<RunLog>> open(FileSystem& files, const RunFolder& folder, const CommitRecord& record);

    Status add(const StepDone& step);
    Status add(const Validated& validated);
    Status add(const Sampled& sampled);
    /// Writes the present lengths into the record of the commit that covers them.
    void stamp(CommitRecord& record) const;

private:
    RunLog() = default;
    std::unique_ptr<JsonlLog> m_metrics;
    std::unique_ptr<JsonlLog> m_samples;
};

}  // namespace gsst
