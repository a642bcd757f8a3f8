// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/usable_cores.h"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <thread>
#include <vector>

namespace gsst {

int usableCores() {
    // The system wants a mask as long as its own, however many processors this computer has.
    for (size_t sets = 1; sets <= 64; sets *= 2) {
        std::vector<cpu_set_t> masks(sets);
        const size_t bytes = sets * sizeof(cpu_set_t);
        if (::sched_getaffinity(0, bytes, masks.data()) == 0)
            return std::max(1, CPU_COUNT_S(bytes, masks.data()));
        if (errno != EINVAL)
            break;
    }
    return int(std::max(1u, std::thread::hardware_concurrency()));
}

}  // namespace gsst
