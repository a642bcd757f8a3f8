// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/progress_line.h"

#include "app/cli/console.h"
#include "base/units.h"
#include "service/event_figures.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace gsst {
namespace {

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

const char* nameOf(PlanCause cause) {
    switch (cause) {
    case PlanCause::Opened:
        return "opened";
    case PlanCause::OutOfMemory:
        return "out of memory";
    case PlanCause::OtherPrograms:
        return "other programs";
    }
    return "unknown";
}

/// The event's name first, then its figures.
template <typename Event>
Json told(const char* name, const Event& event) {
    Json json{{"event", name}};
    json.update(figuresJson(event, FigureUse::LogOnly));
    return json;
}

struct ToJson {
    Json operator()(const StateChanged& e) const {
        return {{"event", "state"}, {"state", nameOf(e.state)}, {"step", e.step}};
    }
    Json operator()(const Planned& e) const {
        Json json = told("plan", e);
        json["cause"] = nameOf(e.cause);
        return json;
    }
    Json operator()(const StepDone& e) const { return told("step", e); }
    Json operator()(const UnusualStep& e) const { return told("unusual_step", e); }
    Json operator()(const Validated& e) const { return told("validation", e); }
    Json operator()(const Committed& e) const { return told("commit", e); }
    Json operator()(const Sampled& e) const { return told("sample", e); }
    Json operator()(const LogLine& e) const { return {{"event", "log"}, {"text", e.text}}; }
    Json operator()(const Progress&) const { return {}; }
    Json operator()(const SliceActivity&) const { return {}; }
    Json operator()(const Failed&) const { return {}; }
};

}  // namespace

std::vector<std::string> stepParts(const StepDone& step, int64_t steps) {
    const double done = steps > 0 ? std::min(1.0, double(step.step) / double(steps)) : 0;
    const double moved = double(step.readBytes + step.writtenBytes) / std::max(1e-9, step.seconds);
    char loss[32], speed[32];
    std::snprintf(loss, sizeof(loss), "loss %.4f", step.loss);
    std::snprintf(speed, sizeof(speed), "%.0f tokens/s", step.tokensPerSecond);
    return {std::to_string(int(std::floor(100 * done))) + " %",
            formatDuration(step.secondsLeft) + " left",
            "step " + std::to_string(step.step) + "/" + std::to_string(steps),
            loss,
            speed,
            "memory " + formatBytes(uint64_t(step.devicePeakBytes)),
            "disk " + formatRate(moved)};
}

std::string stepLine(const StepDone& step, int64_t steps) {
    std::string line;
    for (const std::string& part : stepParts(step, steps))
        line += (line.empty() ? "" : "  ") + part;
    return line;
}

std::string eventJson(const Event& event) {
    const Json json = std::visit(ToJson{}, event);
    return json.empty() ? std::string() : jsonLine(json);
}

}  // namespace gsst
