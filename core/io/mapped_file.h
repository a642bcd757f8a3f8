// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

namespace gsst {

/// A file of the operating system as read-only memory: pages come from the page cache as they are touched. Its size is
/// the one at opening; whoever shortens the file, or pulls the medium, while it is mapped ends the process, so map only
/// files that nobody else changes. Movable; any number of threads may read.
class MappedFile {
public:
    /// NotFound, Permission or Io. An empty file gives an empty span.
    static Result<MappedFile> open(const std::filesystem::path& path);
    MappedFile(MappedFile&& other) noexcept;
    MappedFile& operator=(MappedFile&& other) noexcept;
    ~MappedFile();

    std::span<const std::byte> bytes() const { return {m_data, m_size}; }

private:
    MappedFile(const std::byte* data, size_t size) : m_data(data), m_size(size) {}
    void close();

    const std::byte* m_data = nullptr;
    size_t m_size = 0;
};

} // namespace gsst
