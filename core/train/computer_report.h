// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace gsst {

/// What was measured of this computer, told to people: plain figures, free of the types of plan and io. Rates are per second.
struct ComputerReport {
    int64_t measuredAt = 0;           ///< seconds since 1970
    std::filesystem::path folder;     ///< whose drive
    std::string processor;
    int64_t cores = 0;
    int64_t threads = 0;
    std::vector<std::string> instructions;
    bool fastBf16 = false;            ///< the processor multiplies bf16 by itself
    int64_t ramTotalBytes = 0;
    int64_t ramFreeBytes = 0;
    int64_t diskFreeBytes = 0;
    double memoryBytes = 0;           ///< read and written by a copy of all threads
    double productFlopsFp32 = 0;      ///< one large matrix product
    double productFlopsBf16 = 0;
    double productFlopsFp16 = 0;
    double forwardFlops = 0;          ///< of a layer as training computes it
    double backwardFlops = 0;
    double updateBytes = 0;           ///< of the optimizer's update
    double readBytes = 0;             ///< of the drive, the way that training uses it
    double writeBytes = 0;
    bool uring = false;               ///< through io_uring, else through a pool of threads
    bool direct = true;               ///< false: the figures are those of the system's cache
    std::string whyNoUring;           ///< empty = io_uring was measured too
    bool sustained = false;           ///< the drive's fast cache was used up before
};

/// Seconds of arithmetic for one token and parameter.
double tokenSeconds(const ComputerReport& report);
/// Tokens a step from which streaming takes no longer than the arithmetic, with the state "exact".
double hiddenFromTokens(const ComputerReport& report);

std::string toJson(const ComputerReport& report);
/// Nothing if the text is not a whole report.
std::optional<ComputerReport> parseComputerReport(const std::string& json);

}  // namespace gsst
