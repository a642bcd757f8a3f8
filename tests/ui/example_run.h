// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/ui/fake_service.h"

namespace gsst {

/// Pushes the worked example up to `steps` steps: plan, losses, validations, samples, commits.
inline void replayExample(EventQueue& queue, int64_t steps) {
    queue.push(StateChanged{RunState::Preparing, 0});
    queue.push(examplePlan());
    queue.push(StateChanged{RunState::Training, 0});
    for (int64_t step = 1; step <= steps; ++step) {
        queue.push(exampleStep(step));
        if (step % 25 == 0)
            queue.push(Validated{step, 1.96 + 0.8 * std::exp(-double(step) / 110.0), 100000});
    }
    queue.push(Committed{steps - 1, uint64_t(steps), "abc"});
    queue.push(Sampled{0, "The wind backed north-west and",
                       "the following are the main causes of wind in the Northern Hemisphere. 1."});
    queue.push(Sampled{200, "The wind backed north-west and",
                       "blew hard all night. The ship was in the sea and the crew were working."});
    queue.push(Sampled{300, "The wind backed north-west and",
                       "freshened at noon. Took in sail and stood to the southward, hands at the pumps."});
    queue.push(Sampled{400, "The wind backed north-west and",
                       "by four bells we had the topgallants in, the sea making up fast from the quarter."});
    queue.push(LogLine{LogLine::Level::Info, "checkpoint verified"});
}

/// A forward sweep that has come to slice 13.
inline void replayLane(EventQueue& queue) {
    for (int slice = 0; slice <= 13; ++slice) {
        queue.push(SliceActivity{slice, SliceState::Reading, Sweep::Forward, 1, 0, 16});
        queue.push(SliceActivity{slice, SliceState::Ready, Sweep::Forward, 1, 0, 16});
        queue.push(SliceActivity{slice, SliceState::Computing, Sweep::Forward, 1, slice == 13 ? 10 : 15, 16});
        if (slice == 13)
            break;
        queue.push(SliceActivity{slice, SliceState::Ready, Sweep::Forward, 1, 15, 16});
        queue.push(SliceActivity{slice, SliceState::Writing, Sweep::Forward, 1, 0, 16});
        if (slice < 12)
            queue.push(SliceActivity{slice, SliceState::Written, Sweep::Forward, 1, 0, 16});
    }
    queue.push(SliceActivity{14, SliceState::Reading, Sweep::Forward, 1, 0, 16});
    queue.push(SliceActivity{14, SliceState::Ready, Sweep::Forward, 1, 0, 16});
    queue.push(SliceActivity{15, SliceState::Reading, Sweep::Forward, 1, 0, 16});
}

inline std::vector<RunInfo> exampleRuns() {
    std::vector<RunInfo> runs;
    const auto add = [&runs](const char* name, const char* title, int64_t step, int64_t steps, double bottom,
                             double gib, int days, const char* problem) {
        RunInfo info;
        info.folder = std::filesystem::path("/runs") / name;
        info.name = name;
        info.title = title;
        info.step = step;
        info.steps = steps;
        info.lastLoss = bottom;
        for (int i = 0; i < 64; ++i)
            info.lossHistory.push_back(float(bottom + 2.4 * std::exp(-i / 12.0) + 0.03 * std::sin(i * 7.0)));
        info.bytesOnDisk = uint64_t(gib * 1073741824.0);
        info.lastChange =
            std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
                .count() -
            days * 86400LL - 4000;
        info.problem = problem;
        runs.push_back(info);
    };
    add("Logbooks 1.1B", "Llama 1.1B · 1.1 B parameters", 411, 916, 1.95, 51.3, 0, "");
    add("Recipes 350M", "Llama 350M · 350 M parameters", 3000, 10000, 3.58, 8.3, 1, "The run's record cannot be read");
    add("Kitchen 125M", "GPT-2 124M · 124 M parameters", 14400, 20000, 2.94, 3.4, 2, "");
    add("Old Norse 30M", "Sample stories · 30 M parameters", 5000, 5000, 3.41, 0.8, 4, "");
    add("Sample stories", "Sample stories · 3 M parameters", 600, 600, 3.12, 0.3, 5, "");
    return runs;
}

}  // namespace gsst
