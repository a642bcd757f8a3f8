// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/mapped_file.h"

#include "io/io_error.h"
#include "io/os_file_linux.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace gsst {

namespace {

// Below the kernel's own limit of one call.
constexpr size_t kLargestCall = size_t{1} << 30;

/// Memory to memory, by the kernel: a page that cannot be had is an error for it, and the end for whoever touches it
/// himself.
ssize_t copyMemory(const std::byte* from, std::span<std::byte> into) {
    const iovec target{into.data(), into.size()};
    const iovec source{const_cast<std::byte*>(from), into.size()};
    return ::process_vm_readv(::getpid(), &target, 1, &source, 1, 0);
}

}  // namespace

Status MappedFile::map() {
    GSST_TRY(refusePipe(m_path));
    m_handle = ::open(m_path.c_str(), O_RDONLY | O_CLOEXEC);
    if (m_handle < 0)
        return errnoError("Cannot open the file", m_path, errno);
    struct stat status{};
    if (::fstat(int(m_handle), &status) != 0)
        return errnoError("Cannot ask for the size of the file", m_path, errno);
    if (!S_ISREG(status.st_mode))
        return errnoError("Cannot map the file", m_path, EISDIR);
    m_size = size_t(status.st_size);
    if (m_size == 0)
        return {};
    void* data = ::mmap(nullptr, m_size, PROT_READ, MAP_SHARED, int(m_handle), 0);
    if (data == MAP_FAILED)
        return errnoError("Cannot map the file", m_path, errno);
    m_data = static_cast<const std::byte*>(data);
    return {};
}

Status MappedFile::transfer(uint64_t offset, std::span<std::byte> into) const {
    while (!into.empty()) {
        const auto part = into.first(std::min(into.size(), kLargestCall));
        ssize_t count = copyMemory(m_data + offset, part);
        // Some containers forbid that call, even on the caller's own memory.
        if (count < 0 && (errno == ENOSYS || errno == EPERM))
            count = ::pread(int(m_handle), part.data(), part.size(), off_t(offset));
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return errnoError("Cannot read from the file", m_path, count == 0 || errno == EFAULT ? EIO : errno);
        offset += uint64_t(count);
        into = into.subspan(size_t(count));
    }
    return {};
}

Result<uint64_t> MappedFile::currentSize() const {
    struct stat status{};
    if (::fstat(int(m_handle), &status) != 0)
        return errnoError("Cannot ask for the size of the file", m_path, errno);
    return uint64_t(status.st_size);
}

void MappedFile::close() {
    if (m_data)
        ::munmap(const_cast<std::byte*>(m_data), m_size);
    if (m_handle >= 0)
        ::close(int(m_handle));
    m_data = nullptr;
    m_handle = -1;
}

}  // namespace gsst
