// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "io/file.h"
#include "run/run_folder.h"
#include "service/events.h"
#include "store/commit_record.h"
#include "store/jsonl_log.h"

#include <memory>

namespace gsst {

/// metrics.jsonl and samples.jsonl of a run. One line per step, validation or sample; what a commit does not cover is
/// cut off on resume, so that a step is never listed twice. One thread.
class RunLog {
public:
    /// Opens both and cuts off what is newer than the step of `record`.
    static Result<std::unique_ptr<RunLog>> open(FileSystem& files, const RunFolder& folder, const CommitRecord& record);

    Status add(const StepDone& step);
    Status add(const Validated& validated);
    Status add(const Sampled& sampled);
    /// Makes all lines durable and writes the present lengths into the record of the commit that covers them. After an
    /// error the lengths are set all the same: a log that lost its last lines is no danger to the state.
    Status stamp(CommitRecord& record);

    /// Whether the state that was opened has been validated, or sampled from, already.
    bool hasValidation() const { return m_hasValidation; }
    bool hasSample() const { return m_hasSample; }

private:
    RunLog() = default;
    std::unique_ptr<JsonlLog> m_metrics;
    std::unique_ptr<JsonlLog> m_samples;
    uint64_t m_flushedSamples = 0;  ///< bytes; samples are rare, steps are not
    bool m_hasValidation = false;
    bool m_hasSample = false;
};

}  // namespace gsst
