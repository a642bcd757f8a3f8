// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "io/file.h"
#include "io/io_probe.h"
#include "plan/simulation.h"
#include "spec/run_spec.h"
#include "train/events.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace gsst {

/// What a computer turned out to be able to do. Rates are per second.
struct MachineReport {
    std::string processor;
    int64_t cores = 0;
    int64_t threads = 0;                    ///< that the system runs at a time
    std::vector<std::string> instructions;  ///< sets that matter for training, e.g. "AVX-512"
    bool fastBf16 = false;                  ///< the processor multiplies bf16 by itself
    int64_t ramTotalBytes = 0;
    int64_t ramFreeBytes = 0;
    int64_t diskFreeBytes = 0;              ///< of the folder
    double memoryBytes = 0;                 ///< read and written by a copy of all threads
    double productFlopsFp32 = 0;            ///< one large matrix product
    double productFlopsBf16 = 0;
    double productFlopsFp16 = 0;            ///< as training does it: through fp32
    ComputeRates training;                  ///< of the recipe that was asked about
    IoProbe drive;
};

struct ReportOptions {
    std::filesystem::path folder;  ///< whose drive; must exist
    RunSpec spec;                  ///< the recipe to measure the arithmetic with
    uint64_t driveBytes = uint64_t{1} << 30;  ///< of the temporary file
    uint64_t sustainedBytes = 0;              ///< written first, to use the drive's fast cache up
    std::function<void(const Progress&)> progress;
};

/// Measures everything anew and keeps what plans need in the user's cache. Arithmetic first: it is kept even if the drive cannot be
/// measured. Cancelled within about two seconds of `stop`; the other errors are those of probeCompute() and probeIo().
Result<MachineReport> reportMachine(FileSystem& files, const ReportOptions& options, std::stop_token stop);

}  // namespace gsst
