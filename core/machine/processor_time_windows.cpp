// SPDX-License-Identifier: GPL-3.0-or-later
#include "machine/processor_time.h"

#include <windows.h>

namespace gsst {
namespace {

/// Windows counts in units of 100 ns.
double seconds(const FILETIME& time) {
    return 1e-7 * (4294967296.0 * time.dwHighDateTime + time.dwLowDateTime);
}

}  // namespace

ProcessorTime processorTime() {
    FILETIME created{}, ended{}, kernel{}, user{}, idle{}, allKernel{}, allUser{};
    ::GetProcessTimes(::GetCurrentProcess(), &created, &ended, &kernel, &user);
    ::GetSystemTimes(&idle, &allKernel, &allUser);
    return {seconds(kernel) + seconds(user), seconds(allKernel) + seconds(allUser) - seconds(idle)};
}

}  // namespace gsst
