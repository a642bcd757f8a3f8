// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "io/file.h"
#include "io/io_probe.h"
#include "plan/planner.h"
#include "spec/run_spec.h"
#include "train/events.h"

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

namespace gsst {

/// Free memory of this computer in bytes, 0 if unknown; by platform.
int64_t availableRamBytes();

/// What this machine gives a run in `folder` by default: most of the free RAM, the free disk space.
MachineLimits machineLimits(FileSystem& files, const std::filesystem::path& folder);

/// What was measured, and the engine that moved bytes fastest.
struct Machine {
    HardwareProfile profile;
    IoEngine engine = IoEngine::ThreadPool;
};

/// How much to find out about the drive of a folder that was not measured yet.
enum class DriveProbe {
    KnownOnly,  ///< nothing: careful assumptions
    Quick       ///< write and read a temporary file of 128 MiB there
};

/// How fast this computer is for the recipe and the drive below `folder`, from the user's cache, else measured now (a second or two)
/// and kept there. Where something cannot be measured, careful assumptions stand. Thread-safe.
Machine measureMachine(FileSystem& files, const std::filesystem::path& folder, const RunSpec& spec, DriveProbe probe);

/// Measures anew, keeps it in the user's cache for later, and tells what was found.
struct MachineReport {
    std::string machine;              ///< processor and threads
    int64_t ramBytes = 0;             ///< free now
    int64_t diskBytes = 0;            ///< free in the folder
    double productFlopsFp32 = 0;      ///< one large matrix product
    double productFlopsBf16 = 0;
    ComputeRates training;            ///< of the recipe that was asked about
    IoProbe drive;
};
struct ReportOptions {
    std::filesystem::path folder;     ///< whose drive; must exist
    RunSpec spec;                     ///< the recipe to measure the arithmetic with
    uint64_t driveBytes = uint64_t{1} << 30;  ///< of the temporary file
    uint64_t sustainedBytes = 0;      ///< written first, to use the drive's cache up
    std::function<void(const Progress&)> progress;
};
Result<MachineReport> reportMachine(FileSystem& files, const ReportOptions& options, std::stop_token stop);

/// While one of these lives, a run computes: what is measured then is used, but not kept.
class MachineInUse {
public:
    MachineInUse();
    ~MachineInUse();
    MachineInUse(const MachineInUse&) = delete;
    MachineInUse& operator=(const MachineInUse&) = delete;
};

}  // namespace gsst
