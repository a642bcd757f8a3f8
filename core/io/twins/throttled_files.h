// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "io/twins/forwarding_files.h"

#include <cstdint>
#include <memory>

namespace gsst {

/// A drive to imitate. It does one thing at a time, as a real one: reads and writes of all files share its time, each
/// taking its bytes at the rate of its direction. Zero bytes a second means as fast as the drive beneath, and takes
/// none of that time.
struct ThrottleOptions {
    double readBytesPerSecond = 0;   ///< while nothing is written
    double writeBytesPerSecond = 0;  ///< while nothing is read
    double latencySeconds = 0;  ///< added to every read, write and sync; calls of several threads wait side by side
    double jitter = 0;          ///< 0..1: the time of a call varies by up to this share, up and down
    uint64_t seed = 0;          ///< of the jitter, a pure function of (seed, number of the call)
};

/// A file system as slow as the given drive, over `inner`, which must outlive it. It waits after doing the work, so the
/// time the inner file system takes counts. After a pause the drive is ahead by at most 2 ms of transfers (that makes
/// good what sleeping overshoots), so that the rates hold on average. Thread-safe. Files may outlive it, not `inner`
/// and `clock`.
class ThrottledFiles : public ForwardingFiles {
public:
    ThrottledFiles(FileSystem& inner, const ThrottleOptions& options, Clock& clock = systemClock());

    Result<std::unique_ptr<File>> open(const std::filesystem::path& path, OpenMode mode, Caching caching) override;

private:
    class Drive;
    class ThrottledFile;

    std::shared_ptr<Drive> m_drive;
};

}  // namespace gsst
