// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/compute_backend.h"
#include "base/result.h"
#include "data/token_store.h"
#include "engine/step_driver.h"
#include "io/async/io_probe.h"
#include "plan/search/planner.h"
#include "run/run_folder.h"
#include "service/events.h"
#include "spec/run_spec.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>

namespace gsst {

/// Memory that was refused: of the device, or of the RAM for state, gradients and boundary activations.
struct Shortage {
    Tier tier = Tier::Device;
    int64_t wanted = 0;  ///< bytes that would have been in use
    int64_t there = 0;   ///< bytes that could have been
};

/// What a trainer needs; references outlive it.
struct TrainerParts {
    FileSystem* files = nullptr;
    ComputeBackend* backend = nullptr;
    RunFolder folder;
    RunSpec spec;  ///< the whole run's, microBatch and threads settled
    RunSpec part;  ///< of it, that this process computes
    Plan plan;
    const TokenStore* tokens = nullptr;
    IoEngine engine = IoEngine::ThreadPool;
    EngineObserver* observer = nullptr;              ///< may be null
    Collective* collective = nullptr;                ///< the ranks that train this run, or SoleRank
    StateShard share;                                ///< of the state, that this process keeps
    Hash128 fingerprint{};                           ///< what must be the same on all ranks: see fingerprintOf()
    std::function<void(CommitRecord&)> stampRecord;  ///< fills in lengths of logs; may be empty
    std::function<void(const Shortage&)>
        onShortage;  ///< hears of every refusal before its error comes back; may be empty
};

/// One finished training step: what is told of it, and what decides how training goes on. The trainer leaves to its
/// caller what it does not know: learningRate, tokensPerSecond, secondsLeft and epoch.
struct StepResult : StepDone {
    StepVerdict verdict;
    int skippedInARow = 0;  ///< this step included, unless it was skipped for its loss scale; 0 if it was not skipped
    double nextLossScale = 1;
    bool wrongGuess = false;  ///< of the clip factor, where one was made
    BackwardUpdate update = BackwardUpdate::None;
    ComputeTimes compute;
    int64_t countedRamBytes = 0;  ///< of ramBytes: staging, state, gradients and boundary activations; peak
};

struct EvaluationResult {
    double loss = 0;
    int64_t tokens = 0;
};

/// Trains one run, step by step, in the calling thread. Owns all memory and I/O of the run while it lives: destroying
/// it gives everything back and loses at most what was not committed. One thread.
class Trainer {
public:
    /// Makes slots and the initial state of a new run (commit of step 0). Progress in bytes.
    static Status createState(const TrainerParts& parts, const TensorTable& table,
                              const std::function<void(uint64_t, uint64_t)>& progress, std::stop_token stop);
    /// Opens the committed state and makes everything ready for the next step.
    static Result<std::unique_ptr<Trainer>> open(const TrainerParts& parts, const TensorTable& table,
                                                 const std::function<void(uint64_t, uint64_t)>& progress,
                                                 std::stop_token stop);
    ~Trainer();

    int64_t step() const;           ///< last finished step
    int64_t committedStep() const;  ///< while nothing is in progress: after opening, flush(), giveUpStep(),
                                    ///< abandonStep(); else ask the observer

    /// Runs step() + 1. `moreToCome`: another step follows at once, so its reads may begin. Cancelled by `stop` between
    /// ops; the trainer must be destroyed then (as after every error) and reopened.
    Result<StepResult> runStep(bool moreToCome, std::stop_token stop);

    /// Applies the pending update and commits: committedStep() == step() afterwards.
    Status flush();
    /// Waits for all I/O of finished steps, so that nothing of this run loads the machine.
    Status quiesce();
    /// After a step that was cancelled: forgets it. Finished steps may survive only in RAM, where the state is whole;
    /// on disk the last commit stands.
    Status giveUpStep(Survives survives);
    /// After an error, when other ranks may be in the middle of the step: ends all that is in progress here. flush()
    /// if all ranks do; else the trainer must be destroyed.
    void abandonStep();
    /// Whether the state is in RAM and that of step(), so that flush() can save it also after an error.
    bool stateIsWhole() const;
    /// With the state in RAM: whether the timer says that a commit is due.
    bool commitDue() const;

    /// Mean loss over the validation part, as much of it as the recipe says. Settles first.
    Result<EvaluationResult> evaluate(std::stop_token stop);

    /// The committed state, for readers such as the generator. Call after flush().
    IoCounters ioCounters() const;  ///< since the trainer was opened
    StateStore& store();
    const CompiledPlan& plan() const;  ///< of this process's part of the recipe and its shard of the state
    OpenDevice& device();

private:
    struct Impl;
    explicit Trainer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> m_impl;
};

}  // namespace gsst
