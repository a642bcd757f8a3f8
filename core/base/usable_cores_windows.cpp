// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/usable_cores.h"

#include <windows.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <thread>

namespace gsst {

/// The mask is about the 64 processors of one group; a process that uses several groups is bound to none of them.
int usableCores() {
    DWORD_PTR own = 0, all = 0;
    const int every = int(std::max(1u, std::thread::hardware_concurrency()));
    if (!GetProcessAffinityMask(GetCurrentProcess(), &own, &all) || own == all)
        return every;
    return std::max(1, std::popcount(uint64_t(own)));
}

}  // namespace gsst
