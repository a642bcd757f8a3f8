// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "io/file.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <vector>

namespace gsst {

/// Space that is left on a disk in RAM; shared by all its files. Thread-safe.
class MemoryCapacity {
public:
    explicit MemoryCapacity(uint64_t bytes) : m_left(bytes) {}
    bool take(uint64_t bytes);
    void give(uint64_t bytes) { m_left += bytes; }
    uint64_t left() const { return m_left; }

private:
    std::atomic<uint64_t> m_left;
};

/// The bytes of a file in RAM, whatever its names.
class MemoryContent {
public:
    explicit MemoryContent(std::shared_ptr<MemoryCapacity> capacity) : m_capacity(std::move(capacity)) {}
    MemoryContent(const MemoryContent&) = delete;
    MemoryContent& operator=(const MemoryContent&) = delete;
    ~MemoryContent() { m_capacity->give(m_bytes.size()); }

    uint64_t size() const;
    uint64_t spaceLeft() const { return m_capacity->left(); }
    bool read(uint64_t offset, std::span<std::byte> into) const;   ///< false when it ends before
    bool write(uint64_t offset, std::span<const std::byte> from);  ///< false when there is no space
    bool resize(uint64_t bytes);                                   ///< false when there is no space

private:
    bool resizeLocked(uint64_t bytes);

    std::shared_ptr<MemoryCapacity> m_capacity;
    mutable std::shared_mutex m_mutex;
    std::vector<std::byte> m_bytes;  // guarded by m_mutex
};

/// An open file on `content`; see makeMemoryFiles().
std::unique_ptr<File> makeMemoryFile(std::filesystem::path path, OpenMode mode, Caching caching,
                                     std::shared_ptr<MemoryContent> content);

}  // namespace gsst
