// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "io/file.h"
#include "machine/product_choice.h"
#include "plan/simulation.h"

#include <filesystem>
#include <map>
#include <string>

namespace gsst {

/// What was measured of a drive.
struct DriveRates {
    double readBytesPerSecond = 0;
    double writeBytesPerSecond = 0;
    bool uring = false;  ///< io_uring was better than the thread pool
};

/// Measurements of this computer, kept between programs in one JSON file. Anything in the file that is not understood,
/// or was measured on another `machine`, is left out and measured anew. Not thread-safe; programs may use one file at
/// the same time.
struct MachineCache {
    std::map<std::string, ComputeRates> compute;  ///< by ProbeShape::key()
    std::map<std::string, DriveRates> drives;     ///< by driveIdentity()
    ProductRates products;                        ///< on all cores

    static MachineCache load(FileSystem& files, const std::filesystem::path& file, const std::string& machine);
    /// Adds to what other programs have written meanwhile. That it fails is no harm: it does when another program
    /// writes for longer than half a second of `clock`.
    void save(FileSystem& files, const std::filesystem::path& file, const std::string& machine,
              Clock& clock = systemClock()) const;
};

/// The user's folder for what can be made again, with this program's name; empty if there is none. By platform.
std::filesystem::path userCacheFolder();

/// Processor and number of threads.
std::string machineName();

/// The file system that `folder` is on, by what stays the same when the computer starts again; empty if it cannot be
/// told. By platform.
std::string driveIdentity(const std::filesystem::path& folder);

}  // namespace gsst
