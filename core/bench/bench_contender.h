// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "io/twins/throttled_files.h"
#include "service/run_tools.h"
#include "train/open_run.h"
#include "train/trainer.h"

#include <filesystem>
#include <memory>
#include <stop_token>
#include <vector>

namespace gsst {

/// One way to run the benchmark's recipe, in a temporary run folder that disappears with it. One thread.
class BenchContender {
public:
    explicit BenchContender(BenchWay way) : m_way(way) {}
    ~BenchContender();
    BenchContender(const BenchContender&) = delete;
    BenchContender& operator=(const BenchContender&) = delete;

    /// Writes the run and takes its first step, so that the next one has a step before it.
    Status prepare(const BenchOptions& options, const EventSink& sink, const std::stop_token& stop);
    /// One step to warm up, then `steps` that are timed; bytes are counted over all of them.
    Status measure(int steps, const std::stop_token& stop);

    BenchVariant result() const;
    const PreparedRun& run() const { return *m_run; }
    const CompiledPlan& plan() const { return m_trainer->plan(); }

private:
    /// What a step costs in the simulation, between others that update as it does. Where the rule chooses anew at every
    /// step, that is not always Plan::step.
    struct Predicted {
        double seconds = 0;
        int64_t readBytes = 0;
        int64_t writtenBytes = 0;
    };

    Result<RunSpec> specOf(const BenchOptions& options) const;
    Status learnClipping(const TrainerParts& parts, const std::stop_token& stop) const;
    Predicted predicted(BackwardUpdate update) const;
    void fillPredictions(BenchVariant& variant) const;
    template <typename Value>
    double medianOf(const Value& value) const;

    BenchWay m_way;
    std::filesystem::path m_folder;
    std::unique_ptr<ThrottledFiles> m_slow;
    std::unique_ptr<PreparedRun> m_run;
    std::unique_ptr<Trainer> m_trainer;
    std::vector<StepResult> m_timed;
    int64_t m_stepsCounted = 0;
    int64_t m_readBytes = 0;  ///< in m_stepsCounted steps
    int64_t m_writtenBytes = 0;
};

}  // namespace gsst
