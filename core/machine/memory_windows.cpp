// SPDX-License-Identifier: GPL-3.0-or-later
#include "machine/machine.h"

#include <windows.h>

namespace gsst {

namespace {

/// Zeros if the system does not tell.
MEMORYSTATUSEX memoryStatus() {
    MEMORYSTATUSEX status{};
    status.dwLength = sizeof(status);
    return GlobalMemoryStatusEx(&status) ? status : MEMORYSTATUSEX{};
}

}  // namespace

int64_t availableRamBytes() {
    return static_cast<int64_t>(memoryStatus().ullAvailPhys);
}
int64_t totalRamBytes() {
    return static_cast<int64_t>(memoryStatus().ullTotalPhys);
}

}  // namespace gsst
