// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "spec/bottleneck.h"
#include "spec/op_kind.h"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace gsst {

/// States of a run as people see them. Only the worker changes them; the UI never guesses.
enum class RunState { Preparing, Training, Pausing, Paused, Finishing, Finished, NeedsAttention };

struct StateChanged {
    RunState state{};
    int64_t step = 0;  ///< last finished step
};

/// Progress of something that takes longer than a second before or between steps. total 0 = unknown.
struct Progress {
    std::string what;  ///< "Training the tokenizer"
    uint64_t done = 0;
    uint64_t total = 0;
    std::string unit;  ///< "MiB", "tokens"
};

/// What a slice is, so that people can tell it from the others.
struct SliceInfo {
    enum class Kind { Embedding, Layers, Attention, Mlp, HeadNorm, Head } kind = Kind::Layers;
    int part = 1;  ///< of an embedding or a head in several slices: which one, from 1
    int parts = 1;
    int firstLayer = 0;  ///< as people count them, from 1; of layers, and of the layer that attention or MLP are of
    int lastLayer = 0;
};

enum class PlanCause {
    Opened,      ///< the run begins, or goes on after a pause
    OutOfMemory  ///< the plan before took more memory than there was
};

/// Figures of the plan, sent before the first step, after a pause and after a replan.
struct Planned {
    PlanCause cause = PlanCause::Opened;
    int64_t steps = 0;
    int64_t firstStep = 0;  ///< steps already done when (re)starting
    int slices = 0;
    std::vector<SliceInfo> sliceInfos;  ///< of each slice; empty = not told
    int64_t tokensPerStep = 0;
    int64_t microBatch = 0;  ///< sequences
    int64_t parameters = 0;
    double secondsPerStep = 0;     ///< predicted
    int64_t devicePeakBytes = 0;   ///< predicted
    int64_t deviceLimitBytes = 0;  ///< 0 = none
    int64_t ramPeakBytes = 0;      ///< predicted
    int64_t ramLimitBytes = 0;
    int64_t diskBytes = 0;  ///< reserved by the run folder
    int64_t readBytesPerStep = 0;
    int64_t writtenBytesPerStep = 0;
    Bottleneck bottleneck{};
    bool streamed = true;  ///< state on disk (true) or in RAM
};

struct StepDone {
    int64_t step = 0;  ///< 1-based
    double loss = 0;   ///< nats a token, mean of the step
    double gradientNorm = 0;
    double clipFactor = 1;
    double lossScale = 1;  ///< that the gradient was computed with; 1 unless fp16
    double learningRate = 0;
    double seconds = 0;
    double tokensPerSecond = 0;
    double secondsLeft = 0;
    int64_t devicePeakBytes = 0;  ///< measured, this step
    int64_t ramBytes = 0;         ///< measured: of the whole process, without the device's memory
    int64_t readBytes = 0;
    int64_t writtenBytes = 0;
    double readWaitSeconds = 0;   ///< compute waited for disk reads
    double linkWaitSeconds = 0;   ///< compute waited for other ranks
    double writeWaitSeconds = 0;  ///< compute waited for disk writes (no free staging)
    double epoch = 0;
};

/// A step that was not as the others, right after its StepDone; but not one that was skipped because its loss scale was
/// too large. Where `usualLoss` and `usualNorm` are 0, too few steps were there to compare with.
struct UnusualStep {
    int64_t step = 0;
    std::string fault;      ///< "not finite", "too large" (its update could overflow) or "outlier"
    bool skipped = false;   ///< the weights were left as they were
    int skippedInARow = 0;  ///< this one included
    double loss = 0;
    double usualLoss = 0;     ///< median of the recent steps
    double lossSigmas = 0;    ///< standard deviations between the two
    double gradientNorm = 0;  ///< before clipping
    double usualNorm = 0;
    double normSigmas = 0;
};

struct Validated {
    int64_t step = 0;
    double loss = 0;  ///< nats a token over `tokens`
    int64_t tokens = 0;
};

struct Committed {
    int64_t step = 0;  ///< a crash from now on resumes after this step
    uint64_t generation = 0;
    std::string rootHash;
};

struct Sampled {
    int64_t step = 0;
    std::string prompt;
    std::string text;
};

enum class SliceState { Waiting, Reading, Ready, Computing, Writing, Written };

/// For the slice lane. May be dropped under load.
struct SliceActivity {
    int slice = 0;
    SliceState state{};
    Sweep sweep{};
    int64_t pass = 0;  ///< which run of a step program it belongs to; another number is another run
    int microBatch = 0;
    int microBatches = 1;
};

struct LogLine {
    enum class Level { Info, Warning, Error } level = Level::Info;
    std::string text;
};

/// The run stopped by itself. `error` says what, where, why and what to do; the last commit is safe.
struct Failed {
    Error error;
    int64_t committedStep = 0;
};

using Event = std::variant<StateChanged, Progress, Planned, StepDone, UnusualStep, Validated, Committed, Sampled,
                           SliceActivity, LogLine, Failed>;

/// What a user can tell a run that goes on.
enum class Command {
    PauseNow,        ///< give up the step in progress, free device memory
    PauseAfterStep,  ///< finish and commit the step first
    Resume,
    Stop,  ///< finish and commit the step, then end the session
    SampleNow,
    CommitNow
};

}  // namespace gsst
