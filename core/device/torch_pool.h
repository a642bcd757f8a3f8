// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "device/caching_pool.h"

namespace gsst {

/// While one of these lives, tensors that torch allocates on the CPU on THIS thread come from `pool`, whose memory is
/// the host's; out of its limit they throw c10::OutOfMemoryError. Memory may be freed on any thread, also after the
/// scope ended. Tensors made outside any scope use torch's ordinary allocator. Scopes nest. The pool must outlive every
/// tensor allocated from it.
///
/// A backward of autograd runs CPU work on the thread that called it, so it counts. Work that torch spreads over OpenMP
/// threads allocates its results on the calling thread; what it should allocate on the others is not counted.
///
/// The first scope of the process registers an allocator with torch, which is not thread-safe there: make it before
/// other threads use torch.
class TorchPoolScope {
public:
    explicit TorchPoolScope(CachingPool& pool);
    ~TorchPoolScope();
    TorchPoolScope(const TorchPoolScope&) = delete;
    TorchPoolScope& operator=(const TorchPoolScope&) = delete;

private:
    CachingPool* m_previous;
};

}  // namespace gsst
