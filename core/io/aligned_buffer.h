// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace gsst {

/// Memory aligned for direct I/O (kIoAlignment), zeroed, owned, movable. The size is rounded up to the alignment.
/// From 2 MiB on it lies in large pages where the system has some: see preferHugePages().
class AlignedBuffer {
public:
    AlignedBuffer() = default;
    static Result<AlignedBuffer> create(size_t bytes);  ///< OutOfMemory names the amount
    AlignedBuffer(AlignedBuffer&& other) noexcept;
    AlignedBuffer& operator=(AlignedBuffer&& other) noexcept;
    ~AlignedBuffer();

    std::byte* data() const { return m_data; }
    size_t size() const { return m_size; }
    std::span<std::byte> span() const { return {m_data, m_size}; }

private:
    std::byte* m_data = nullptr;
    size_t m_size = 0;
};

}  // namespace gsst
