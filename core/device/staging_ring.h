// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "io/aligned_buffer.h"

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

namespace gsst {

/// One fixed piece of I/O memory handed out first in, first out. Pieces may come back in any order; room is made when
/// the oldest have. A piece never straddles the end: what is left there is skipped. Does not block; thread-safe.
class StagingRing {
public:
    /// `bytes` is rounded up to kIoAlignment. OutOfMemory if the system has less.
    static Result<std::unique_ptr<StagingRing>> create(size_t bytes);

    /// kIoAlignment-aligned memory of at least `bytes`, or nothing when it does not fit now. The span has exactly
    /// `bytes`. On an empty ring everything up to capacity() fits.
    std::optional<std::span<std::byte>> allocate(size_t bytes);
    /// Gives back what allocate() returned.
    void release(std::span<std::byte> piece);

    size_t capacity() const { return m_memory.size(); }
    /// All of it, to tell the system about.
    std::span<std::byte> memory() { return {m_memory.data(), m_memory.size()}; }
    size_t usedBytes() const;  ///< rounded, with the pieces that came back but wait for older ones
    size_t peakBytes() const;  ///< highest usedBytes() so far

private:
    explicit StagingRing(AlignedBuffer memory) : m_memory(std::move(memory)) {}

    /// Where `rounded` bytes would start now. Caller holds m_mutex.
    std::optional<size_t> place(size_t rounded) const;

    struct Piece {
        size_t offset = 0;
        size_t bytes = 0;
        bool released = false;
    };

    AlignedBuffer m_memory;
    mutable std::mutex m_mutex;
    std::deque<Piece> m_pieces;  ///< oldest first
    size_t m_head = 0;           ///< where the newest piece ends
    size_t m_used = 0;
    size_t m_peak = 0;
};

}  // namespace gsst
