// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/os_file_linux.h"

#include "base/units.h"
#include "io/io_error.h"
#include "io/reserve.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <limits>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace gsst {

namespace {

// Below the kernel's own limit of one call, and a multiple of the alignment.
constexpr size_t kLargestCall = size_t{1} << 30;

class LinuxFile final : public File {
public:
    LinuxFile(int descriptor, std::filesystem::path path, Caching caching)
        : m_descriptor(descriptor), m_path(std::move(path)), m_caching(caching) {}
    LinuxFile(const LinuxFile&) = delete;
    LinuxFile& operator=(const LinuxFile&) = delete;
    ~LinuxFile() override { ::close(m_descriptor); }

    const std::filesystem::path& path() const override { return m_path; }
    Caching caching() const override { return m_caching; }
    Result<uint64_t> size() const override;
    Status read(uint64_t offset, std::span<std::byte> into) override;
    Status write(uint64_t offset, std::span<const std::byte> from) override;
    Status sync() override;
    Status reserve(uint64_t bytes) override;
    Status truncate(uint64_t bytes) override;
    std::optional<int> nativeHandle() const override { return m_descriptor; }

private:
    Status checkSpaceFor(uint64_t bytes) const;
    Status allocate(uint64_t bytes, uint64_t sizeBefore);

    int m_descriptor;
    std::filesystem::path m_path;
    Caching m_caching;
    std::atomic<int> m_syncError = 0;  ///< errno of the first sync that failed; the kernel itself tells it only once
};

Result<uint64_t> LinuxFile::size() const {
    struct stat info{};
    if (::fstat(m_descriptor, &info) != 0)
        return errnoError("Cannot ask for the size of the file", m_path, errno);
    return static_cast<uint64_t>(info.st_size);
}

Status LinuxFile::read(uint64_t offset, std::span<std::byte> into) {
    GSST_TRY(checkRequest(m_path, m_caching, offset, into.data(), into.size()));
    size_t done = 0;
    while (done < into.size()) {
        const ssize_t count = ::pread(m_descriptor, into.data() + done, std::min(into.size() - done, kLargestCall),
                                      static_cast<off_t>(offset + done));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return errnoError("Cannot read from the file", m_path, errno);
        done += static_cast<size_t>(count);
        // A direct read that stops off the alignment has met the end; going on from there would be refused as
        // unaligned.
        const bool metEnd =
            count == 0 || (m_caching == Caching::Direct && static_cast<size_t>(count) % kIoAlignment != 0);
        if (done < into.size() && metEnd)
            return fileEndsEarly(m_path, offset, into.size());
    }
    return {};
}

Status LinuxFile::write(uint64_t offset, std::span<const std::byte> from) {
    GSST_TRY(checkRequest(m_path, m_caching, offset, from.data(), from.size()));
    size_t done = 0;
    while (done < from.size()) {
        const ssize_t count = ::pwrite(m_descriptor, from.data() + done, std::min(from.size() - done, kLargestCall),
                                       static_cast<off_t>(offset + done));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return errnoError("Cannot write to the file", m_path, errno);
        // A direct write cut short by a full disk may end off the alignment; the whole block is then written again.
        const size_t advanced = m_caching == Caching::Direct ? static_cast<size_t>(count) / kIoAlignment * kIoAlignment
                                                             : static_cast<size_t>(count);
        if (advanced == 0)
            return errnoError("Cannot write to the file", m_path, ENOSPC);
        done += advanced;
    }
    return {};
}

Status LinuxFile::sync() {
    if (m_syncError == 0 && ::fdatasync(m_descriptor) != 0)
        m_syncError = errno;
    if (m_syncError != 0)
        return errnoError("Cannot bring the file onto the drive", m_path, m_syncError);
    return {};
}

Status LinuxFile::truncate(uint64_t bytes) {
    if (bytes > static_cast<uint64_t>(std::numeric_limits<off_t>::max()))
        return errnoError("Cannot set the size of the file", m_path, EFBIG);
    int result = 0;
    do {
        result = ::ftruncate(m_descriptor, static_cast<off_t>(bytes));
    } while (result != 0 && errno == EINTR);
    if (result != 0)
        return errnoError("Cannot set the size of the file", m_path, errno);
    return {};
}

Status LinuxFile::reserve(uint64_t bytes) {
    if (bytes > static_cast<uint64_t>(std::numeric_limits<off_t>::max()))
        return errnoError("Cannot reserve space for the file", m_path, EFBIG);
    GSST_ASSIGN(const uint64_t before, size());
    if (bytes < before)
        GSST_TRY(truncate(bytes));
    if (bytes == 0)
        return {};
    GSST_TRY(checkSpaceFor(bytes));
    return allocate(bytes, std::min(before, bytes));
}

/// Asked first, because filling a disk to the last byte before giving up would disturb every other program.
Status LinuxFile::checkSpaceFor(uint64_t bytes) const {
    struct stat info{};
    struct statvfs volume{};
    if (::fstat(m_descriptor, &info) != 0 || ::fstatvfs(m_descriptor, &volume) != 0 || volume.f_blocks == 0)
        return {};  // a file system that does not tell: the allocation itself decides
    const uint64_t allocated = static_cast<uint64_t>(info.st_blocks) * 512;
    const uint64_t available = static_cast<uint64_t>(volume.f_bavail) * volume.f_frsize;
    if (bytes <= allocated || bytes - allocated <= available)
        return {};
    return noSpace("Cannot reserve space for the file", m_path,
                   "it needs " + formatBytes(bytes - allocated) + " and the disk has " + formatBytes(available) +
                       " left");
}

/// Not posix_fallocate: where the file system cannot allocate, the C library writes single bytes, which direct access
/// refuses.
Status LinuxFile::allocate(uint64_t bytes, uint64_t sizeBefore) {
    int result = 0;
    do {
        result = ::fallocate(m_descriptor, 0, 0, static_cast<off_t>(bytes));
    } while (result != 0 && errno == EINTR);
    if (result == 0)
        return {};
    const int reason = errno;
    if (reason == EOPNOTSUPP || reason == ENOSYS)
        return reserveByWriting(*this, bytes);
    // What was allocated before the disk was full is given back.
    static_cast<void>(truncate(sizeBefore));
    return errnoError("Cannot reserve space for the file", m_path, reason);
}

int openFlags(OpenMode mode) {
    switch (mode) {
    case OpenMode::Read:
        return O_RDONLY;
    case OpenMode::ReadWrite:
        return O_RDWR;
    case OpenMode::Create:
        break;
    }
    return O_RDWR | O_CREAT;
}

int openRetrying(const std::filesystem::path& path, int flags) {
    constexpr mode_t kMode = 0666;  // less the user's umask
    int descriptor = -1;
    do {
        descriptor = ::open(path.c_str(), flags | O_CLOEXEC, kMode);
    } while (descriptor < 0 && errno == EINTR);
    return descriptor;
}

}  // namespace

Error errnoError(std::string what, const std::filesystem::path& where, int number) {
    if (number == EDQUOT)
        return noSpace(std::move(what), where, "your share of the disk (quota) is used up");
    struct statvfs volume{};
    const bool asked = number == ENOSPC &&
                       (::statvfs(where.c_str(), &volume) == 0 || ::statvfs(where.parent_path().c_str(), &volume) == 0);
    if (asked && volume.f_blocks > 0)
        return noSpace(std::move(what), where,
                       "the disk is full: " + formatBytes(uint64_t{volume.f_bavail} * volume.f_frsize) + " of its " +
                           formatBytes(uint64_t{volume.f_blocks} * volume.f_frsize) + " are free");
    return ioError(std::move(what), where, std::error_code(number, std::generic_category()));
}

Status refusePipe(const std::filesystem::path& path) {
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0 || !S_ISFIFO(info.st_mode))
        return {};
    return Error{ErrorCode::InvalidInput, "Cannot open the file", pathText(path), "it is a pipe, not a file",
                 "Choose a file"};
}

Result<std::unique_ptr<File>> openLinuxFile(const std::filesystem::path& path, OpenMode mode, Caching caching) {
    GSST_TRY(refusePipe(path));
    const int flags = openFlags(mode);
    int descriptor = openRetrying(path, caching == Caching::Direct ? flags | O_DIRECT : flags);
    if (descriptor < 0 && errno == EINVAL && caching == Caching::Direct) {
        caching = Caching::Buffered;
        descriptor = openRetrying(path, flags);
    }
    if (descriptor < 0)
        return errnoError("Cannot open the file", path, errno);
    auto file = std::make_unique<LinuxFile>(descriptor, path, caching);
    struct stat info{};
    if (::fstat(descriptor, &info) == 0 && S_ISDIR(info.st_mode))
        return errnoError("Cannot open the file", path, EISDIR);
    return std::unique_ptr<File>(std::move(file));
}

}  // namespace gsst
