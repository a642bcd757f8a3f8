// SPDX-License-Identifier: GPL-3.0-or-later
#include "machine/machine.h"

#include <fstream>
#include <string>

namespace gsst {

namespace {

/// A line of /proc/meminfo in bytes, 0 if it is not there.
int64_t memoryInfo(const std::string& wanted) {
    std::ifstream file("/proc/meminfo");
    std::string key;
    int64_t kib = 0;
    std::string unit;
    while (file >> key >> kib >> unit)
        if (key == wanted)
            return kib * 1024;
    return 0;
}

}  // namespace

int64_t availableRamBytes() {
    return memoryInfo("MemAvailable:");
}
int64_t totalRamBytes() {
    return memoryInfo("MemTotal:");
}

}  // namespace gsst
