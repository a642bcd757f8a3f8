// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "io/file.h"

#include <chrono>
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

/// The time a throttled drive lives in. Tests give it one that passes without waiting. Thread-safe.
class ThrottleClock {
public:
    virtual ~ThrottleClock() = default;
    virtual std::chrono::nanoseconds now() = 0;  ///< since an arbitrary point; never goes back
    virtual void sleepUntil(std::chrono::nanoseconds time) = 0;
};
ThrottleClock& realThrottleClock();  ///< lives for the whole program

/// A file system as slow as the given drive, over `inner`, which must outlive it. It waits after doing the work, so the
/// time the inner file system takes counts. After a pause the drive is ahead by at most 2 ms of transfers (that makes
/// good what sleeping overshoots), so that the rates hold on average. Thread-safe. Files may outlive it, not `inner`
/// and `clock`.
class ThrottledFiles : public FileSystem {
public:
    ThrottledFiles(FileSystem& inner, const ThrottleOptions& options, ThrottleClock& clock = realThrottleClock());

    Result<std::unique_ptr<File>> open(const std::filesystem::path& path, OpenMode mode, Caching caching) override;
    bool exists(const std::filesystem::path& path) override;
    Result<std::vector<DirectoryEntry>> list(const std::filesystem::path& folder) override;
    Status makeFolders(const std::filesystem::path& folder) override;
    Status remove(const std::filesystem::path& path) override;
    Status rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
    Status syncFolder(const std::filesystem::path& folder) override;
    Result<uint64_t> freeSpace(const std::filesystem::path& folder) override;
    Result<std::unique_ptr<FileLock>> lock(const std::filesystem::path& path) override;

private:
    class Drive;
    class ThrottledFile;

    FileSystem& m_inner;
    std::shared_ptr<Drive> m_drive;
};

}  // namespace gsst
