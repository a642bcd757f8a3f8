// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/file.h"
#include "io/io_error.h"
#include "io/os_file_windows.h"
#include "io/os_folders.h"

#ifndef NOMINMAX
#define NOMINMAX
#endif
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#include <windows.h>

namespace gsst {

namespace {

/// The lock of LockFileEx belongs to the handle and goes with it.
class WindowsLock final : public FileLock {
public:
    explicit WindowsLock(WindowsHandle handle) : m_handle(std::move(handle)) {}

private:
    WindowsHandle m_handle;
};

constexpr DWORD kShareAll = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

class WindowsFiles final : public OsFolders {
public:
    Result<std::unique_ptr<File>> open(const std::filesystem::path& path, OpenMode mode, Caching caching) override {
        return openWindowsFile(path, mode, caching);
    }

    Status rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
        if (!::MoveFileExW(from.c_str(), to.c_str(), MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH))
            return windowsError("Cannot rename to " + pathText(to), from, ::GetLastError());
        return {};
    }

    Status syncFolder(const std::filesystem::path& folder) override {
        const WindowsHandle handle(::CreateFileW(folder.c_str(), GENERIC_READ | GENERIC_WRITE, kShareAll, nullptr,
                                                 OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, nullptr));
        if (handle.valid() && ::FlushFileBuffers(handle.get()))
            return {};
        // Not every account and file system may flush a folder. Renames are written through anyway, and NTFS journals
        // names.
        const DWORD error = ::GetLastError();
        if (error == ERROR_ACCESS_DENIED || error == ERROR_INVALID_FUNCTION || error == ERROR_NOT_SUPPORTED)
            return {};
        return windowsError("Cannot bring the folder onto the drive", folder, error);
    }

    Result<uint64_t> freeSpace(const std::filesystem::path& folder) override {
        ULARGE_INTEGER available{};
        if (!::GetDiskFreeSpaceExW(folder.c_str(), &available, nullptr, nullptr))
            return windowsError("Cannot ask for the free space", folder, ::GetLastError());
        return static_cast<uint64_t>(available.QuadPart);
    }

    Result<std::unique_ptr<FileLock>> lock(const std::filesystem::path& path) override {
        WindowsHandle handle(::CreateFileW(path.c_str(), GENERIC_READ | GENERIC_WRITE, kShareAll, nullptr, OPEN_ALWAYS,
                                           FILE_ATTRIBUTE_NORMAL, nullptr));
        if (!handle.valid())
            return windowsError("Cannot open the lock file", path, ::GetLastError());
        // A byte far beyond the end, because locked bytes cannot be read by others.
        OVERLAPPED place{};
        place.OffsetHigh = 0x7fffffff;
        if (::LockFileEx(handle.get(), LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &place))
            return std::unique_ptr<FileLock>(std::make_unique<WindowsLock>(std::move(handle)));
        const DWORD error = ::GetLastError();
        if (error == ERROR_LOCK_VIOLATION || error == ERROR_IO_PENDING)
            return lockedElsewhere(path);
        return windowsError("Cannot lock the file", path, error);
    }
};

}  // namespace

FileSystem& osFileSystem() {
    static WindowsFiles files;
    return files;
}

}  // namespace gsst
