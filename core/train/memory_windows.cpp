// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/machine.h"

#include <windows.h>

namespace gsst {

int64_t availableRamBytes() {
    MEMORYSTATUSEX status{};
    status.dwLength = sizeof(status);
    return GlobalMemoryStatusEx(&status) ? static_cast<int64_t>(status.ullAvailPhys) : 0;
}

}  // namespace gsst
