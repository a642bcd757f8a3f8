// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/platform/installed_memory.h"

#include <windows.h>

namespace gsst {

int64_t installedRamBytes() {
    MEMORYSTATUSEX status{};
    status.dwLength = sizeof(status);
    return GlobalMemoryStatusEx(&status) ? static_cast<int64_t>(status.ullTotalPhys) : 0;
}

}  // namespace gsst
