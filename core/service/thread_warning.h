// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>

namespace gsst {

/// Threads that compute, and what they compute on.
struct ThreadUse {
    int64_t threads = 0;    ///< of each process; 0: as many as there are cores for it, at least one
    int64_t processes = 1;  ///< of the run, on this computer
    int64_t cores = 1;      ///< that they may use, see usableCores()
};

/// What to tell where there are more threads than cores: what, why and what to do, in sentences without the last full
/// stop; else empty. Threads share every product and wait for each other, so that one that has no core holds up all.
std::string threadWarning(const ThreadUse& use);

}  // namespace gsst
