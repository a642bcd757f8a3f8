// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/round_up.h"
#include "io/file.h"

#include <algorithm>
#include <cstddef>
#include <span>

namespace gsst {

// How long requests are parted: pieces of whole blocks, so that every piece of an aligned request is aligned.

/// Rounded up to whole blocks, at least one; at most 1 GiB, below the limit of one call of every system.
inline size_t alignedPieceBytes(size_t wanted) {
    constexpr size_t kLargest = size_t{1} << 30;
    return std::max(roundUp(std::min(wanted, kLargest), kIoAlignment), kIoAlignment);
}

/// At least one: an empty request is an empty piece.
inline size_t pieceCount(size_t bytes, size_t pieceBytes) {
    return std::max((bytes + pieceBytes - 1) / pieceBytes, size_t{1});
}

template <typename Byte>
std::span<Byte> pieceOf(std::span<Byte> memory, size_t piece, size_t pieceBytes) {
    const size_t start = piece * pieceBytes;
    return memory.subspan(start, std::min(pieceBytes, memory.size() - start));
}

}  // namespace gsst
