// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace gsst {

/// What was measured of this computer, told to people: plain figures, free of the types of plan and io. Rates are per
/// second. What follows from them is in computer_summary.h.
struct ComputerReport {
    int64_t measuredAt = 0;        ///< seconds since 1970
    std::filesystem::path folder;  ///< whose drive
    std::string recipe;            ///< by name: whose layers the arithmetic was measured with
    std::string processor;
    int64_t cores = 0;
    int64_t threads = 0;
    std::vector<std::string> instructions;
    bool fastBf16 = false;  ///< the processor multiplies bf16 by itself
    int64_t ramTotalBytes = 0;
    int64_t ramFreeBytes = 0;
    int64_t diskFreeBytes = 0;
    double memoryBytes = 0;       ///< read and written by a copy of all threads
    double productFlopsFp32 = 0;  ///< one large matrix product
    double productFlopsBf16 = 0;
    double productFlopsFp16 = 0;   ///< as training does it: through fp32
    double forwardFlops = 0;       ///< of a layer as training computes it
    double backwardFlops = 0;      ///< what the forward did is done once more, and counts
    double keptBackwardFlops = 0;  ///< where it need not be
    double headFlops = 0;          ///< loss and its gradient
    double updateBytes = 0;        ///< of the optimizer's update
    double copyBytes = 0;          ///< of the copies between the places that slices are at
    double readBytes = 0;          ///< of the drive, the better way
    double writeBytes = 0;
    bool uring = false;  ///< that is through io_uring, else through a pool of threads
    double poolReadBytes = 0;
    double poolWriteBytes = 0;
    double poolProcessor = 0;   ///< seconds of processor time for each byte
    double uringReadBytes = 0;  ///< 0 = not measured, see whyNoUring
    double uringWriteBytes = 0;
    double uringProcessor = 0;
    std::string whyNoUring;
    bool direct = true;        ///< false: the figures are those of the system's cache
    bool sustained = false;    ///< the drive's fast cache was used up before
    int64_t writtenBytes = 0;  ///< what the measurement cost the drive
};

std::string toJson(const ComputerReport& report);
/// Nothing if the text is not a whole report.
std::optional<ComputerReport> parseComputerReport(const std::string& json);

}  // namespace gsst
