// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/huge_pages.h"

#include <cstdint>
#include <sys/mman.h>

namespace gsst {

void preferHugePages(std::span<std::byte> memory) {
    // Inwards: what lies beside the memory is not ours to advise on.
    const auto begin = reinterpret_cast<uintptr_t>(memory.data());
    const size_t skipped = (kHugePageBytes - begin % kHugePageBytes) % kHugePageBytes;
    if (memory.size() < skipped + kHugePageBytes)
        return;
    const size_t bytes = (memory.size() - skipped) / kHugePageBytes * kHugePageBytes;
    static_cast<void>(::madvise(memory.data() + skipped, bytes, MADV_HUGEPAGE));
}

}  // namespace gsst
