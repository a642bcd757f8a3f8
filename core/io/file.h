// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gsst {

/// Offsets, lengths and addresses of direct I/O are multiples of this, on every platform we support.
inline constexpr size_t kIoAlignment = 4096;

enum class OpenMode {
    Read,       ///< must exist
    ReadWrite,  ///< must exist
    Create      ///< created if missing, kept if there; read and write
};

enum class Caching {
    Buffered,  ///< through the page cache; any offset and length
    Direct     ///< past the page cache; everything kIoAlignment-aligned. Falls back to Buffered where the file
               ///< system has no direct I/O (tmpfs): File::caching() tells
};

/// An open file. All reads and writes are positional, so one File may be used by several threads at once; two
/// overlapping accesses of which one writes are the caller's race. Errors name the file and what to do.
class File {
public:
    virtual ~File() = default;

    virtual const std::filesystem::path& path() const = 0;
    virtual Caching caching() const = 0;
    virtual Result<uint64_t> size() const = 0;
    /// Fills all of `into` from `offset`; a file that ends before is an error (Corrupt).
    virtual Status read(uint64_t offset, std::span<std::byte> into) = 0;
    /// Writes all of `from`; the file grows as needed. NoSpace when the disk is full.
    virtual Status write(uint64_t offset, std::span<const std::byte> from) = 0;
    /// Returns when what was written before is on the medium. After a failure the file's contents are unknown: never
    /// retry.
    virtual Status sync() = 0;
    /// Sets the size to `bytes` with the space really allocated, so that later writes inside cannot run out of it.
    virtual Status reserve(uint64_t bytes) = 0;
    virtual Status truncate(uint64_t bytes) = 0;
    /// The operating system's number of the open file, for engines that hand requests to the kernel themselves; valid
    /// as long as the File. None for twins: what they do to a request happens in read() and write() only.
    virtual std::optional<int> nativeHandle() const { return std::nullopt; }
};

/// Held as long as it lives; the operating system releases it when the process dies, however it dies.
class FileLock {
public:
    virtual ~FileLock() = default;
};

struct DirectoryEntry {
    std::filesystem::path path;
    bool isDirectory = false;
    uint64_t size = 0;  ///< of files
};

/// All file access of the core goes through one of these: the operating system (osFileSystem()), or a twin for tests:
/// memory, fault-injecting, crash-simulating, throttled. Thread-safe.
class FileSystem {
public:
    virtual ~FileSystem() = default;

    virtual Result<std::unique_ptr<File>> open(const std::filesystem::path& path, OpenMode mode, Caching caching) = 0;
    virtual bool exists(const std::filesystem::path& path) = 0;
    virtual Result<std::vector<DirectoryEntry>> list(const std::filesystem::path& folder) = 0;  ///< sorted by name
    virtual Status makeFolders(const std::filesystem::path& folder) = 0;
    virtual Status remove(const std::filesystem::path& path) = 0;  ///< a file or an empty folder; missing is success
    virtual Status rename(const std::filesystem::path& from, const std::filesystem::path& to) = 0;  ///< replaces `to`
    virtual Status syncFolder(const std::filesystem::path& folder) = 0;  ///< makes renames and creations in it durable
    virtual Result<uint64_t> freeSpace(const std::filesystem::path& folder) = 0;
    /// Takes the exclusive lock of `path` (created if missing), or Busy at once when another process (or another
    /// FileLock of this one) has it.
    virtual Result<std::unique_ptr<FileLock>> lock(const std::filesystem::path& path) = 0;
};

/// The operating system's files. Stateless; lives for the whole program.
FileSystem& osFileSystem();

/// The whole file as text; refuses files over `limit` bytes (Corrupt), so that a wrong path cannot fill the RAM.
Result<std::string> readText(FileSystem& files, const std::filesystem::path& path, uint64_t limit);

/// Replaces `path` by `text` so that a crash leaves the old or the new content whole: temporary file, sync, rename,
/// sync of the folder.
Status writeTextAtomically(FileSystem& files, const std::filesystem::path& path, std::string_view text);

}  // namespace gsst
