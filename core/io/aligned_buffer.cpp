// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/aligned_buffer.h"

#include "base/round_up.h"
#include "base/units.h"
#include "io/file.h"
#include "io/huge_pages.h"

#include <cstring>
#include <limits>
#include <new>
#include <utility>

namespace gsst {

namespace {

std::align_val_t alignmentOf(size_t bytes) {
    return std::align_val_t{bytes >= kHugePageBytes ? kHugePageBytes : kIoAlignment};
}

}  // namespace

Result<AlignedBuffer> AlignedBuffer::create(size_t bytes) {
    AlignedBuffer buffer;
    if (bytes == 0)
        return buffer;
    void* memory = nullptr;
    if (bytes <= std::numeric_limits<size_t>::max() - kHugePageBytes) {
        buffer.m_size = roundUp(bytes, kIoAlignment);
        memory = ::operator new(buffer.m_size, alignmentOf(buffer.m_size), std::nothrow);
    }
    if (!memory)
        return Error{ErrorCode::OutOfMemory, "Cannot get " + formatBytes(bytes) + " of memory for file access", "",
                     "the operating system has no more to give",
                     "Close other programs, or lower the RAM limit of the run"};
    buffer.m_data = static_cast<std::byte*>(memory);
    preferHugePages(buffer.span());
    std::memset(memory, 0, buffer.m_size);
    return buffer;
}

AlignedBuffer::AlignedBuffer(AlignedBuffer&& other) noexcept
    : m_data(std::exchange(other.m_data, nullptr)), m_size(std::exchange(other.m_size, 0)) {}

AlignedBuffer& AlignedBuffer::operator=(AlignedBuffer&& other) noexcept {
    std::swap(m_data, other.m_data);
    std::swap(m_size, other.m_size);
    return *this;
}

AlignedBuffer::~AlignedBuffer() {
    ::operator delete(m_data, alignmentOf(m_size));
}

}  // namespace gsst
