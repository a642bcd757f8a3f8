// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "spec/run_spec.h"
#include "train/events.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace gsst {

using ProgressCallback = std::function<void(const Progress&)>;

/// What verifyRun() found.
struct VerifyResult {
    int64_t step = 0;                 ///< committed
    std::string rootHash;             ///< of the committed state
    uint64_t generation = 0;
    std::vector<std::string> notices;  ///< what was found damaged or missing and needed not stop the run: one sentence each
    std::vector<std::string> damage;  ///< "slots/A: layers.3.mlp.up.weight (hi)"; empty = all sums hold
    bool previousUsable = false;      ///< the commit before verifies in full
    int64_t previousStep = 0;
};

/// Reads all committed state of a run and compares every sum; changes nothing. Holds the run's lock meanwhile (Busy while it trains).
Result<VerifyResult> verifyRun(const std::filesystem::path& run, const ProgressCallback& progress, std::stop_token stop);

/// Makes the commit before the newest one the newest, if it verifies in full.
Status rollBackRun(const std::filesystem::path& run);

struct GenerateOptions {
    std::string prompt;
    int64_t tokens = 200;
    double temperature = 0.8;
    double topP = 0.95;
    int64_t topK = 0;         ///< 0 = no limit
    uint64_t seed = 1;
    int64_t deviceBytes = 0;  ///< limit of the device pool; 0 = none
};

/// Writes text with the committed weights of a run; `onText` gets each piece as it comes. The text without the prompt.
Result<std::string> generateText(const std::filesystem::path& run, const GenerateOptions& options,
                                 const std::function<void(const std::string&)>& onText, std::stop_token stop);

struct BenchOptions {
    RunSpec spec;
    int steps = 3;   ///< measured steps in a row of one variant
    int rounds = 3;  ///< alternations
    std::filesystem::path folder;
};

struct BenchVariant {
    std::string name;
    std::vector<double> secondsPerStep;
    double median = 0;
    double computeSeconds = 0;  ///< a step, inside compute ops, median
    std::vector<std::pair<std::string, double>> computeByKind;  ///< name of the op, seconds a step, median; those that took any
    double clippedShare = 0;    ///< of the measured steps
    double readWait = 0;        ///< seconds a step, median
    double writeWait = 0;
    double readBytesPerParameter = 0;
    double writtenBytesPerParameter = 0;
    double predictedSeconds = 0;
    int64_t devicePeak = 0;
    int64_t predictedDevicePeak = 0;
};

struct BenchResult {
    std::vector<BenchVariant> variants;            ///< resident, then streamed from disk
    double ratio = 0;                              ///< streamed over resident, medians
    std::string updateRule;                        ///< of the streamed run
    double theoryReadBytesPerParameter = 0;        ///< the design's arithmetic for an untied model with its state on disk
    double theoryWrittenBytesPerParameter = 0;
    int64_t parameters = 0;
    int64_t tokensPerStep = 0;
};

/// Trains the same steps resident and streamed from disk, in alternation in one process, in temporary runs below `folder`
/// that are removed afterwards.
Result<BenchResult> runBench(const BenchOptions& options, const ProgressCallback& progress, std::stop_token stop);

}  // namespace gsst
