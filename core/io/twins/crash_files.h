// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "io/file.h"

#include <cstdint>
#include <memory>

namespace gsst {

/// A file system in RAM that can lose its power. What counts as safe is no more than the contract of FileSystem
/// promises: a file's bytes and size after File::sync(), a name made, removed or renamed after syncFolder() of a folder
/// it concerns. (Real file systems often keep more.) Folders made with makeFolders are safe at once. Thread-safe.
class CrashFiles : public FileSystem {
public:
    explicit CrashFiles(uint64_t capacityBytes = uint64_t{4} << 30);
    ~CrashFiles() override;

    /// The power goes and comes back. Unsynced writes are kept, dropped or garbled sector by sector (4 KiB), unsynced
    /// changes of size kept or dropped, and of the unsynced changes of names, which reach the medium in order, a first
    /// few are kept: all as `seed` chooses, the same for the same history. Files open before fail from now on (Io);
    /// locks are free.
    void crash(uint64_t seed);

    /// Calls that change something (write, resize, sync, folder sync, names) since it was made: to place a crash in the
    /// middle of a story.
    uint64_t changes() const;

    /// From the change number `change` on (as counted by changes(), from 0), every call that would change something
    /// fails with Io, as if the plug had been pulled just before it; crash() ends that. For trying every point of a
    /// story.
    void failFromChange(uint64_t change);

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
    class Disk;
    class CrashFile;
    std::shared_ptr<Disk> m_disk;
};

}  // namespace gsst
