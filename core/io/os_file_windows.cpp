// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/os_file_windows.h"

#include "base/units.h"
#include "io/io_error.h"
#include "io/reserve.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <optional>

#ifndef NOMINMAX
#define NOMINMAX
#endif
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#include <windows.h>

namespace gsst {

namespace {

// Lengths are 32-bit numbers here; this is a multiple of the alignment.
constexpr size_t kLargestCall = size_t{1} << 30;

/// The event a thread waits on for its own requests: the handle of the file cannot tell two threads' requests apart.
HANDLE eventOfThread() {
    thread_local const WindowsHandle event(::CreateEventW(nullptr, TRUE, FALSE, nullptr));
    return event.get();
}

OVERLAPPED at(uint64_t offset) {
    OVERLAPPED overlapped{};
    overlapped.Offset = static_cast<DWORD>(offset);
    overlapped.OffsetHigh = static_cast<DWORD>(offset >> 32);
    overlapped.hEvent = eventOfThread();
    return overlapped;
}

/// What came of a request: the number of bytes, or the error.
struct Transfer {
    DWORD bytes = 0;
    DWORD error = ERROR_SUCCESS;
};

Transfer finish(HANDLE file, OVERLAPPED& overlapped, BOOL started) {
    Transfer transfer;
    if (!started && ::GetLastError() != ERROR_IO_PENDING)
        transfer.error = ::GetLastError();
    else if (!::GetOverlappedResult(file, &overlapped, &transfer.bytes, TRUE))
        transfer.error = ::GetLastError();
    return transfer;
}

class WindowsFile final : public File {
public:
    WindowsFile(WindowsHandle handle, std::filesystem::path path, Caching caching)
        : m_handle(std::move(handle)), m_path(std::move(path)), m_caching(caching) {}

    const std::filesystem::path& path() const override { return m_path; }
    Caching caching() const override { return m_caching; }
    Result<uint64_t> size() const override;
    Status read(uint64_t offset, std::span<std::byte> into) override;
    Status write(uint64_t offset, std::span<const std::byte> from) override;
    Status sync() override;
    Status reserve(uint64_t bytes) override;
    Status truncate(uint64_t bytes) override { return setEnd("Cannot set the size of the file", bytes); }

private:
    Status setEnd(const char* what, uint64_t bytes);
    Status checkSpaceFor(uint64_t bytes) const;

    WindowsHandle m_handle;
    std::filesystem::path m_path;
    Caching m_caching;
    std::atomic<DWORD> m_syncError = ERROR_SUCCESS;  ///< of the first sync that failed
};

Result<uint64_t> WindowsFile::size() const {
    LARGE_INTEGER size{};
    if (!::GetFileSizeEx(m_handle.get(), &size))
        return windowsError("Cannot ask for the size of the file", m_path, ::GetLastError());
    return static_cast<uint64_t>(size.QuadPart);
}

Status WindowsFile::read(uint64_t offset, std::span<std::byte> into) {
    GSST_TRY(checkRequest(m_path, m_caching, offset, into.data(), into.size()));
    size_t done = 0;
    while (done < into.size()) {
        OVERLAPPED overlapped = at(offset + done);
        const auto length = static_cast<DWORD>(std::min(into.size() - done, kLargestCall));
        const BOOL started = ::ReadFile(m_handle.get(), into.data() + done, length, nullptr, &overlapped);
        const Transfer transfer = finish(m_handle.get(), overlapped, started);
        if (transfer.error != ERROR_SUCCESS && transfer.error != ERROR_HANDLE_EOF)
            return windowsError("Cannot read from the file", m_path, transfer.error);
        done += transfer.bytes;
        const bool metEnd = transfer.bytes == 0 || (m_caching == Caching::Direct && transfer.bytes % kIoAlignment != 0);
        if (done < into.size() && metEnd)
            return fileEndsEarly(m_path, offset, into.size());
    }
    return {};
}

Status WindowsFile::write(uint64_t offset, std::span<const std::byte> from) {
    GSST_TRY(checkRequest(m_path, m_caching, offset, from.data(), from.size()));
    size_t done = 0;
    while (done < from.size()) {
        OVERLAPPED overlapped = at(offset + done);
        const auto length = static_cast<DWORD>(std::min(from.size() - done, kLargestCall));
        const BOOL started = ::WriteFile(m_handle.get(), from.data() + done, length, nullptr, &overlapped);
        const Transfer transfer = finish(m_handle.get(), overlapped, started);
        if (transfer.error != ERROR_SUCCESS)
            return windowsError("Cannot write to the file", m_path, transfer.error);
        if (transfer.bytes == 0)
            return windowsError("Cannot write to the file", m_path, ERROR_DISK_FULL);
        done += transfer.bytes;
    }
    return {};
}

Status WindowsFile::sync() {
    if (m_syncError == ERROR_SUCCESS && !::FlushFileBuffers(m_handle.get())) {
        // Only what was opened for writing can be flushed; a file opened for reading has nothing to flush.
        const DWORD error = ::GetLastError();
        m_syncError = error == ERROR_ACCESS_DENIED ? DWORD{ERROR_SUCCESS} : error;
    }
    if (m_syncError != ERROR_SUCCESS)
        return windowsError("Cannot bring the file onto the drive", m_path, m_syncError);
    return {};
}

Status WindowsFile::setEnd(const char* what, uint64_t bytes) {
    if (bytes > static_cast<uint64_t>(std::numeric_limits<LONGLONG>::max()))
        return windowsError(what, m_path, ERROR_FILE_TOO_LARGE);
    FILE_END_OF_FILE_INFO end{};
    end.EndOfFile.QuadPart = static_cast<LONGLONG>(bytes);
    if (!::SetFileInformationByHandle(m_handle.get(), FileEndOfFileInfo, &end, sizeof end))
        return windowsError(what, m_path, ::GetLastError());
    return {};
}

Status WindowsFile::reserve(uint64_t bytes) {
    constexpr const char* kWhat = "Cannot reserve space for the file";
    if (bytes > static_cast<uint64_t>(std::numeric_limits<LONGLONG>::max()))
        return windowsError(kWhat, m_path, ERROR_FILE_TOO_LARGE);
    FILE_ALLOCATION_INFO allocation{};
    allocation.AllocationSize.QuadPart = static_cast<LONGLONG>(bytes);
    if (::SetFileInformationByHandle(m_handle.get(), FileAllocationInfo, &allocation, sizeof allocation))
        return setEnd(kWhat, bytes);
    const DWORD error = ::GetLastError();
    if (error != ERROR_CALL_NOT_IMPLEMENTED && error != ERROR_NOT_SUPPORTED && error != ERROR_INVALID_FUNCTION)
        return windowsError(kWhat, m_path, error);
    GSST_TRY(checkSpaceFor(bytes));
    return reserveByWriting(*this, bytes);
}

/// Asked before the space is taken by writing, because filling a disk to the last byte would disturb every other
/// program.
Status WindowsFile::checkSpaceFor(uint64_t bytes) const {
    ULARGE_INTEGER available{};
    std::error_code ignored;
    const std::filesystem::path folder = std::filesystem::absolute(m_path, ignored).parent_path();
    if (!::GetDiskFreeSpaceExW(folder.c_str(), &available, nullptr, nullptr))
        return {};  // a drive that does not tell: writing decides
    GSST_ASSIGN(const uint64_t now, size());
    if (bytes <= now || bytes - now <= available.QuadPart)
        return {};
    return noSpace("Cannot reserve space for the file", m_path,
                   "it needs " + formatBytes(bytes - now) + " and the disk has " + formatBytes(available.QuadPart) +
                       " left");
}

HANDLE openHandle(const std::filesystem::path& path, OpenMode mode, Caching caching) {
    const DWORD access = mode == OpenMode::Read ? GENERIC_READ : GENERIC_READ | GENERIC_WRITE;
    const DWORD flags = FILE_FLAG_OVERLAPPED | (caching == Caching::Direct ? FILE_FLAG_NO_BUFFERING : 0);
    // Sharing everything is what lets an open file be renamed, replaced and removed.
    return ::CreateFileW(path.c_str(), access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr,
                         mode == OpenMode::Create ? OPEN_ALWAYS : OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL | flags,
                         nullptr);
}

std::optional<std::errc> conditionOf(DWORD number) {
    switch (number) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_BAD_NETPATH:
    case ERROR_BAD_NET_NAME:
    case ERROR_INVALID_DRIVE:
        return std::errc::no_such_file_or_directory;
    case ERROR_ACCESS_DENIED:
        return std::errc::permission_denied;
    case ERROR_WRITE_PROTECT:
        return std::errc::read_only_file_system;
    case ERROR_DISK_FULL:
    case ERROR_HANDLE_DISK_FULL:
        return std::errc::no_space_on_device;
    case ERROR_FILE_TOO_LARGE:
        return std::errc::file_too_large;
    case ERROR_SHARING_VIOLATION:
    case ERROR_LOCK_VIOLATION:
        return std::errc::device_or_resource_busy;
    case ERROR_ALREADY_EXISTS:
    case ERROR_FILE_EXISTS:
        return std::errc::file_exists;
    case ERROR_DIR_NOT_EMPTY:
        return std::errc::directory_not_empty;
    case ERROR_FILENAME_EXCED_RANGE:
    case ERROR_BUFFER_OVERFLOW:
        return std::errc::filename_too_long;
    case ERROR_NOT_SAME_DEVICE:
        return std::errc::cross_device_link;
    case ERROR_TOO_MANY_OPEN_FILES:
        return std::errc::too_many_files_open;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
        return std::errc::not_enough_memory;
    case ERROR_CRC:
    case ERROR_IO_DEVICE:
    case ERROR_SECTOR_NOT_FOUND:
        return std::errc::io_error;
    default:
        return std::nullopt;
    }
}

}  // namespace

WindowsHandle::~WindowsHandle() {
    if (valid())
        ::CloseHandle(m_handle);
}

bool WindowsHandle::valid() const {
    return m_handle && m_handle != INVALID_HANDLE_VALUE;
}

Error windowsError(std::string what, const std::filesystem::path& where, unsigned long number) {
    const auto condition = conditionOf(number);
    return ioError(std::move(what), where,
                   condition ? std::make_error_code(*condition)
                             : std::error_code(static_cast<int>(number), std::system_category()));
}

Result<std::unique_ptr<File>> openWindowsFile(const std::filesystem::path& path, OpenMode mode, Caching caching) {
    WindowsHandle handle(openHandle(path, mode, caching));
    if (!handle.valid() && caching == Caching::Direct && ::GetLastError() == ERROR_INVALID_PARAMETER) {
        caching = Caching::Buffered;
        WindowsHandle buffered(openHandle(path, mode, caching));
        if (buffered.valid())
            return std::unique_ptr<File>(std::make_unique<WindowsFile>(std::move(buffered), path, caching));
    }
    if (handle.valid())
        return std::unique_ptr<File>(std::make_unique<WindowsFile>(std::move(handle), path, caching));
    const DWORD error = ::GetLastError();
    std::error_code ignored;
    if (error == ERROR_ACCESS_DENIED && std::filesystem::is_directory(path, ignored))
        return ioError("Cannot open the file", path, std::make_error_code(std::errc::is_a_directory));
    return windowsError("Cannot open the file", path, error);
}

}  // namespace gsst
