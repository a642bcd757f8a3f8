// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace gsst {

/// A file of the operating system as read-only memory: pages come from the page cache as they are read. Its size is the
/// one at opening. The memory itself is not handed out, because touching a page whose file was shortened, or whose
/// medium is gone, ends the process; copy() tells instead. Movable; any number of threads may read.
class MappedFile {
public:
    /// NotFound, Permission, Io, or InvalidInput for what is no file.
    static Result<MappedFile> open(const std::filesystem::path& path);
    MappedFile(MappedFile&& other) noexcept;
    MappedFile& operator=(MappedFile&& other) noexcept;
    ~MappedFile();

    const std::filesystem::path& path() const { return m_path; }
    uint64_t size() const { return m_size; }
    /// Copies the bytes from `offset` on. Corrupt if they lie beyond the end, or if the file has another size by now
    /// than it had when it was opened; Io if the medium does not give them.
    Status copy(uint64_t offset, std::span<std::byte> into) const;

private:
    explicit MappedFile(std::filesystem::path path);
    Status map();
    /// Copies what lies inside the map. An error if a page cannot be had, for whatever reason.
    Status transfer(uint64_t offset, std::span<std::byte> into) const;
    Result<uint64_t> currentSize() const;
    void close();
    void takeFrom(MappedFile& other);

    std::filesystem::path m_path;
    std::intptr_t m_handle = -1;        ///< of the open file, as the operating system counts them
    const std::byte* m_data = nullptr;  ///< null if the file is empty
    size_t m_size = 0;
};

}  // namespace gsst
