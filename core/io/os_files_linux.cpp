// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/file.h"
#include "io/io_error.h"
#include "io/os_file_linux.h"
#include "io/os_folders.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace gsst {

namespace {

class Descriptor {
public:
    explicit Descriptor(int number) : m_number(number) {}
    Descriptor(Descriptor&& other) noexcept : m_number(std::exchange(other.m_number, -1)) {}
    Descriptor& operator=(Descriptor&&) = delete;
    ~Descriptor() {
        if (m_number >= 0)
            ::close(m_number);
    }
    int number() const { return m_number; }

private:
    int m_number;
};

/// flock belongs to the open file, not to the process: a second lock of this process is refused as well, and closing
/// any other descriptor of the file does not release it.
class LinuxLock final : public FileLock {
public:
    explicit LinuxLock(Descriptor descriptor) : m_descriptor(std::move(descriptor)) {}

private:
    Descriptor m_descriptor;
};

class LinuxFiles final : public OsFolders {
public:
    Result<std::unique_ptr<File>> open(const std::filesystem::path& path, OpenMode mode, Caching caching) override {
        return openLinuxFile(path, mode, caching);
    }

    Status rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
        if (::rename(from.c_str(), to.c_str()) != 0)
            return errnoError("Cannot rename to " + pathText(to), from, errno);
        return {};
    }

    Status syncFolder(const std::filesystem::path& folder) override {
        const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (descriptor.number() < 0)
            return errnoError("Cannot open the folder", folder, errno);
        // EINVAL: the file system (some network and user-space ones) has nothing to bring onto a medium.
        if (::fsync(descriptor.number()) != 0 && errno != EINVAL)
            return errnoError("Cannot bring the folder onto the drive", folder, errno);
        return {};
    }

    Result<uint64_t> freeSpace(const std::filesystem::path& folder) override {
        struct statvfs volume{};
        if (::statvfs(folder.c_str(), &volume) != 0)
            return errnoError("Cannot ask for the free space", folder, errno);
        return static_cast<uint64_t>(volume.f_bavail) * volume.f_frsize;
    }

    Result<std::unique_ptr<FileLock>> lock(const std::filesystem::path& path) override {
        int number = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        const int reason = errno;
        // Who may only read the folder can still tell whether it is in use.
        if (number < 0 && (reason == EACCES || reason == EROFS || reason == EPERM))
            number = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        if (number < 0)
            return errnoError("Cannot open the lock file", path, reason);
        Descriptor descriptor(number);
        if (::flock(descriptor.number(), LOCK_EX | LOCK_NB) == 0)
            return std::unique_ptr<FileLock>(std::make_unique<LinuxLock>(std::move(descriptor)));
        if (errno == EWOULDBLOCK)
            return lockedElsewhere(path);
        return errnoError("Cannot lock the file", path, errno);
    }
};

}  // namespace

FileSystem& osFileSystem() {
    static LinuxFiles files;
    return files;
}

}  // namespace gsst
