// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/compute_backend.h"
#include "io/async/io_probe.h"
#include "io/file.h"
#include "machine/machine_cache.h"
#include "machine/probe_shape.h"
#include "plan/search/planner.h"
#include "spec/run_spec.h"

#include <cstdint>
#include <filesystem>

namespace gsst {

/// Memory of this computer in bytes, what is free of it and all of it; 0 if unknown. By platform.
int64_t availableRamBytes();
int64_t totalRamBytes();

/// What this machine gives a run in `folder` by default: what the device has, most of the free RAM, the free disk
/// space.
MachineLimits machineLimits(FileSystem& files, const ComputeBackend& backend, const std::filesystem::path& folder);

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

/// How fast this computer's device is for the recipe, and its drive below `folder`, from the user's cache, else
/// measured now (a second or two) and kept there. Where something cannot be measured, careful assumptions stand.
/// Thread-safe.
Machine measureMachine(FileSystem& files, ComputeBackend& backend, const std::filesystem::path& folder,
                       const RunSpec& spec, DriveProbe probe);

/// The same with a drive that does at most `bytesPerSecond` each way, as if that had been measured; 0 = as it is.
HardwareProfile withDriveAtMost(HardwareProfile profile, double bytesPerSecond);

/// How fast bf16 products are on the device, from the user's cache, else measured now and kept there. Thread-safe.
ProductRates measureProducts(FileSystem& files, ComputeBackend& backend);

/// Settles the products of a recipe by that, as a run that began here alone would. Whoever plans or measures a recipe
/// does this first, so that all mean the same run. Thread-safe.
void resolveProducts(FileSystem& files, ComputeBackend& backend, TrainSpec& training);

/// Under which name the cache has the rates of a shape on a device.
std::string cacheKey(const DeviceId& device, const ProbeShape& shape);

/// Adds to what this process and the user's cache know. Thread-safe.
void keepMeasurements(FileSystem& files, const MachineCache& added);

/// What a drive is good for by this probe.
DriveRates ratesOf(const IoProbe& probe);

/// While one of these lives, a run computes: what is measured then is used until the run is over, but not kept.
class MachineInUse {
public:
    static bool now();  ///< one lives
    MachineInUse();
    ~MachineInUse();
    MachineInUse(const MachineInUse&) = delete;
    MachineInUse& operator=(const MachineInUse&) = delete;
};

}  // namespace gsst
