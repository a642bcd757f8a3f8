// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/run_log.h"

#include <nlohmann/json.hpp>

#include <cmath>

namespace gsst {
namespace {

/// JSON has no NaN: a value that is not finite becomes null.
nlohmann::ordered_json number(double value) { return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr); }

std::string line(const nlohmann::ordered_json& json) {
    return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

Result<std::unique_ptr<RunLog>> RunLog::open(FileSystem& files, const RunFolder& folder, const CommitRecord& record) {
    std::unique_ptr<RunLog> log(new RunLog());
    GSST_ASSIGN(log->m_metrics, JsonlLog::open(files, folder.metrics()));
    GSST_ASSIGN(log->m_samples, JsonlLog::open(files, folder.samples()));
    GSST_TRY(log->m_metrics->truncateTo(record.metricsBytes));
    GSST_TRY(log->m_samples->truncateTo(record.samplesBytes));
    return log;
}

Status RunLog::add(const StepDone& step) {
    return m_metrics->append(line({{"event", "step"},
                                   {"step", step.step},
                                   {"loss", number(step.loss)},
                                   {"gradient_norm", number(step.gradientNorm)},
                                   {"clip_factor", number(step.clipFactor)},
                                   {"learning_rate", step.learningRate},
                                   {"seconds", step.seconds},
                                   {"tokens_per_second", step.tokensPerSecond},
                                   {"device_peak_bytes", step.devicePeakBytes},
                                   {"ram_bytes", step.ramBytes},
                                   {"read_bytes", step.readBytes},
                                   {"written_bytes", step.writtenBytes},
                                   {"read_wait_seconds", step.readWaitSeconds},
                                   {"write_wait_seconds", step.writeWaitSeconds},
                                   {"epoch", step.epoch}}));
}

Status RunLog::add(const Validated& validated) {
    return m_metrics->append(line({{"event", "validation"}, {"step", validated.step}, {"loss", number(validated.loss)}, {"tokens", validated.tokens}}));
}

Status RunLog::add(const Sampled& sampled) {
    return m_samples->append(line({{"step", sampled.step}, {"prompt", sampled.prompt}, {"text", sampled.text}}));
}

void RunLog::stamp(CommitRecord& record) const {
    record.metricsBytes = m_metrics->length();
    record.samplesBytes = m_samples->length();
}

}  // namespace gsst
