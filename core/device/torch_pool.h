// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "device/cpu_pool.h"

namespace gsst {

/// While one of these lives, tensors that torch allocates on the CPU on THIS thread come from `pool`; out of its limit they
/// throw c10::OutOfMemoryError. Memory may be freed on any thread, also after the scope ended. Tensors made outside any
/// scope use torch's ordinary allocator. Scopes nest. The pool must outlive every tensor allocated from it.
class TorchPoolScope {
public:
    explicit TorchPoolScope(CpuPool& pool);
    ~TorchPoolScope();
    TorchPoolScope(const TorchPoolScope&) = delete;
    TorchPoolScope& operator=(const TorchPoolScope&) = delete;

private:
    CpuPool* m_previous;
};

}  // namespace gsst
