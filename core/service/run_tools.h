// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/device_id.h"
#include "base/result.h"
#include "service/events.h"
#include "spec/run_spec.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace gsst {

using ProgressCallback = std::function<void(const Progress&)>;

/// What verifyRun() found.
struct VerifyResult {
    int64_t step = 0;         ///< committed
    std::string rootHash;     ///< of the committed state
    std::string weightsHash;  ///< of its weights alone, the same on all ranks
    int rank = 0;             ///< whose part it is, of `ranks`
    int ranks = 1;
    uint64_t generation = 0;
    std::vector<std::string>
        notices;  ///< what was found damaged or missing and needed not stop the run: one sentence each
    std::vector<std::string>
        damage;  ///< "slots/A: layers.3.mlp.up.weight, in the MLP of layer 4 (hi)"; empty = all sums hold
    bool previousUsable = false;  ///< the commit before verifies in full
    int64_t previousStep = 0;
};

/// Reads all committed state of a run and compares every sum; changes nothing. Works beside a process that trains the
/// run, on what it has committed; Busy if it commits so fast that this is written over each time before all is read.
Result<VerifyResult> verifyRun(const std::filesystem::path& run, const ProgressCallback& progress,
                               std::stop_token stop);

/// Makes the commit before the newest one the newest, if it verifies in full.
Status rollBackRun(const std::filesystem::path& run);

struct GenerateOptions {
    std::string prompt;
    int64_t tokens = 200;
    double temperature = 0.8;
    double topP = 0.95;
    int64_t topK = 0;  ///< 0 = no limit
    uint64_t seed = 1;
    DeviceId device = {};
    int64_t deviceBytes = 0;  ///< limit of the device pool; 0 = none
};

/// What a run has written.
struct GeneratedText {
    std::string text;    ///< without the prompt
    int64_t step = 0;    ///< of the commit that the weights are from
    int64_t tokens = 0;  ///< drawn, with the one that ended the text
};

/// Writes text with the committed weights of a run; `onText` gets each piece as it comes. Works beside a process that
/// trains the run; Busy if the weights do not fit the limit, so that they are read again and again, and it commits
/// others meanwhile.
Result<GeneratedText> generateText(const std::filesystem::path& run, const GenerateOptions& options,
                                   const std::function<void(const std::string&)>& onText, std::stop_token stop);

/// Ways to train the same steps.
enum class BenchWay {
    Plain,     ///< all state in RAM, what fits the device stays there, activations too
    Resident,  ///< the same, but activations are computed again, as in all that follow
    Ram,       ///< all state in RAM, streamed to the device slice by slice
    Disk       ///< all state on disk
};
const char* nameOf(BenchWay way);  ///< "plain", "resident", "ram", "disk"

struct BenchOptions {
    RunSpec spec;
    DeviceId device = {};
    std::vector<BenchWay> ways{BenchWay::Resident, BenchWay::Disk};
    int steps = 3;   ///< timed steps in a row of one way
    int rounds = 3;  ///< alternations
    double diskBytesPerSecond =
        0;  ///< the drive is slowed down to this, reads and writes each, and so it is planned for; 0 = as it is
    std::filesystem::path folder;
};

/// Measured (medians of timed steps, bytes averaged over all steps) and predicted, a step.
struct BenchVariant {
    BenchWay way{};
    std::string updateRule;  ///< that the timed steps followed; of a rule that chose now this, now that, its own name
    std::vector<double> secondsPerStep;
    double median = 0;
    double predictedSeconds = 0;
    double computeSeconds = 0;                                  ///< inside compute ops
    std::vector<std::pair<std::string, double>> computeByKind;  ///< name of the op, seconds; those that took any
    double readWait = 0;
    double writeWait = 0;
    double clippedShare = 0;     ///< of the timed steps
    double diskSeconds = 0;      ///< its bytes at the speed of the drive that it was planned for
    double rooflineSeconds = 0;  ///< the larger of compute and disk: no step can be faster
    double readBytes = 0;
    double writtenBytes = 0;
    int64_t predictedReadBytes = 0;
    int64_t predictedWrittenBytes = 0;
    int64_t devicePeak = 0;
    int64_t predictedDevicePeak = 0;
    int64_t ramPeak = 0;  ///< staging, state, gradients and boundary activations in RAM
    int64_t predictedRamPeak = 0;
    double flops = 0;  ///< of a step, by the program
};

struct BenchResult {
    std::vector<BenchVariant> variants;         ///< in the order of BenchOptions::ways
    double theoryReadBytesPerParameter = 0;     ///< the design's arithmetic for an untied model with its state on disk
    double theoryWrittenBytesPerParameter = 0;  ///< both 0 without BenchWay::Disk
    int64_t parameters = 0;
    int64_t tokensPerStep = 0;
};

/// Trains the same steps in each of the ways, in alternation in one process, in temporary runs below `folder` that are
/// removed afterwards.
Result<BenchResult> runBench(const BenchOptions& options, const ProgressCallback& progress, std::stop_token stop);

}  // namespace gsst
