// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>

namespace gsst {

/// Enqueues on `stream`, a cudaStream_t, the copy of bytes 0, 2, 4 ... of `bytes` bytes of a card's memory; `bytes` is
/// even. Does nothing in a build without CUDA.
void copyEverySecondByteOnCard(std::byte* to, const std::byte* from, int64_t bytes, void* stream);

}  // namespace gsst
