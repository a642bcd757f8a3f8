// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/thread_warning.h"

#include <algorithm>

namespace gsst {

std::string threadWarning(const ThreadUse& use) {
    const int64_t threads = std::max<int64_t>(1, use.threads) * use.processes;
    if (threads <= use.cores)
        return {};
    std::string text = std::to_string(threads) + " threads";
    if (use.processes > 1)
        text += " of " + std::to_string(use.processes) + " processes";
    text += use.cores == 1 ? " share the one processor core that they may use"
                           : " share the " + std::to_string(use.cores) + " processor cores that they may use";
    text += ". They wait for each other, and a step takes many times as long: ten times with 64 threads on 2 cores. ";
    const int64_t suitable = use.cores / use.processes;
    if (suitable == 0)
        return text + "Start no more processes on this computer than it has cores";
    return text + "Use --threads " + std::to_string(suitable) + ", or leave it out";
}

}  // namespace gsst
