// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/progress_line.h"

#include "base/units.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace gsst {
namespace {

using Json = nlohmann::ordered_json;

Json number(double value) {
    return std::isfinite(value) ? Json(value) : Json(nullptr);
}

const char* nameOf(RunState state) {
    switch (state) {
    case RunState::Preparing:
        return "preparing";
    case RunState::Training:
        return "training";
    case RunState::Pausing:
        return "pausing";
    case RunState::Paused:
        return "paused";
    case RunState::Finishing:
        return "finishing";
    case RunState::Finished:
        return "finished";
    case RunState::NeedsAttention:
        return "needs attention";
    }
    return "unknown";
}

struct ToJson {
    Json operator()(const StateChanged& e) const {
        return {{"event", "state"}, {"state", nameOf(e.state)}, {"step", e.step}};
    }
    Json operator()(const Planned& e) const {
        return {{"event", "plan"},
                {"steps", e.steps},
                {"first_step", e.firstStep},
                {"slices", e.slices},
                {"parameters", e.parameters},
                {"tokens_per_step", e.tokensPerStep},
                {"micro_batch", e.microBatch},
                {"cause", e.cause == PlanCause::OutOfMemory ? "out of memory" : "opened"},
                {"seconds_per_step", e.secondsPerStep},
                {"device_peak_bytes", e.devicePeakBytes},
                {"device_limit_bytes", e.deviceLimitBytes},
                {"ram_peak_bytes", e.ramPeakBytes},
                {"disk_bytes", e.diskBytes},
                {"read_bytes_per_step", e.readBytesPerStep},
                {"written_bytes_per_step", e.writtenBytesPerStep},
                {"bottleneck", nameOf(e.bottleneck)},
                {"streamed", e.streamed}};
    }
    Json operator()(const StepDone& e) const {
        return {{"event", "step"},
                {"step", e.step},
                {"loss", number(e.loss)},
                {"gradient_norm", number(e.gradientNorm)},
                {"clip_factor", number(e.clipFactor)},
                {"loss_scale", e.lossScale},
                {"learning_rate", e.learningRate},
                {"seconds", e.seconds},
                {"tokens_per_second", e.tokensPerSecond},
                {"seconds_left", e.secondsLeft},
                {"device_peak_bytes", e.devicePeakBytes},
                {"ram_bytes", e.ramBytes},
                {"read_bytes", e.readBytes},
                {"written_bytes", e.writtenBytes},
                {"read_wait_seconds", e.readWaitSeconds},
                {"write_wait_seconds", e.writeWaitSeconds},
                {"link_wait_seconds", e.linkWaitSeconds}};
    }
    Json operator()(const UnusualStep& e) const {
        return {{"event", "unusual_step"},
                {"step", e.step},
                {"fault", e.fault},
                {"skipped", e.skipped},
                {"skipped_in_a_row", e.skippedInARow},
                {"loss", number(e.loss)},
                {"usual_loss", e.usualLoss},
                {"loss_sigmas", number(e.lossSigmas)},
                {"gradient_norm", number(e.gradientNorm)},
                {"usual_norm", e.usualNorm},
                {"norm_sigmas", number(e.normSigmas)}};
    }
    Json operator()(const Validated& e) const {
        return {{"event", "validation"}, {"step", e.step}, {"loss", number(e.loss)}, {"tokens", e.tokens}};
    }
    Json operator()(const Committed& e) const {
        return {{"event", "commit"}, {"step", e.step}, {"generation", e.generation}, {"root_hash", e.rootHash}};
    }
    Json operator()(const Sampled& e) const {
        return {{"event", "sample"}, {"step", e.step}, {"prompt", e.prompt}, {"text", e.text}};
    }
    Json operator()(const LogLine& e) const { return {{"event", "log"}, {"text", e.text}}; }
    Json operator()(const Progress&) const { return {}; }
    Json operator()(const SliceActivity&) const { return {}; }
    Json operator()(const Failed&) const { return {}; }
};

}  // namespace

std::string stepLine(const StepDone& step, int64_t steps) {
    char figures[96];
    std::snprintf(figures, sizeof(figures), "  loss %.4f  %.0f tokens/s", step.loss, step.tokensPerSecond);
    const double moved = double(step.readBytes + step.writtenBytes) / std::max(1e-9, step.seconds);
    return "step " + std::to_string(step.step) + "/" + std::to_string(steps) + figures + "  device " +
           formatBytes(uint64_t(step.devicePeakBytes)) + "  disk " + formatRate(moved) + "  " +
           formatDuration(step.secondsLeft) + " left";
}

std::string eventJson(const Event& event) {
    const Json json = std::visit(ToJson{}, event);
    return json.is_null() || json.empty() ? std::string() : json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace gsst
