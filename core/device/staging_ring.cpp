// SPDX-License-Identifier: GPL-3.0-or-later
#include "device/staging_ring.h"

#include "base/round_up.h"
#include "io/file.h"

#include <algorithm>
#include <cassert>

namespace gsst {

Result<std::unique_ptr<StagingRing>> StagingRing::create(size_t bytes) {
    GSST_ASSIGN(AlignedBuffer memory, AlignedBuffer::create(bytes));
    return std::unique_ptr<StagingRing>(new StagingRing(std::move(memory)));
}

std::optional<size_t> StagingRing::place(size_t rounded) const {
    if (m_pieces.empty())
        return 0;
    const size_t tail = m_pieces.front().offset;
    const bool wrapped = m_head <= tail;  // equal: full, for there are pieces
    if (wrapped)
        return rounded <= tail - m_head ? std::optional(m_head) : std::nullopt;
    if (rounded <= m_memory.size() - m_head)
        return m_head;
    return rounded <= tail ? std::optional<size_t>(0) : std::nullopt;
}

std::optional<std::span<std::byte>> StagingRing::allocate(size_t bytes) {
    if (bytes > m_memory.size())
        return std::nullopt;
    const size_t rounded = std::max(kIoAlignment, roundUp(bytes, kIoAlignment));
    if (rounded > m_memory.size())
        return std::nullopt;
    const std::lock_guard lock(m_mutex);
    const std::optional<size_t> start = place(rounded);
    if (!start)
        return std::nullopt;
    m_pieces.push_back({*start, rounded, false});
    m_head = *start + rounded;
    m_used += rounded;
    m_peak = std::max(m_peak, m_used);
    return std::span<std::byte>(m_memory.data() + *start, bytes);
}

void StagingRing::release(std::span<std::byte> piece) {
    const std::lock_guard lock(m_mutex);
    const auto found = std::find_if(m_pieces.begin(), m_pieces.end(), [&](const Piece& each) {
        return m_memory.data() + each.offset == piece.data() && !each.released;
    });
    assert(found != m_pieces.end() && "released twice, or not from this ring");
    if (found == m_pieces.end())
        return;
    found->released = true;
    while (!m_pieces.empty() && m_pieces.front().released) {
        m_used -= m_pieces.front().bytes;
        m_pieces.pop_front();
    }
}

size_t StagingRing::usedBytes() const {
    const std::lock_guard lock(m_mutex);
    return m_used;
}

size_t StagingRing::peakBytes() const {
    const std::lock_guard lock(m_mutex);
    return m_peak;
}

}  // namespace gsst
