// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/machine.h"

#include <fstream>
#include <string>

namespace gsst {

int64_t availableRamBytes() {
    std::ifstream file("/proc/meminfo");
    std::string key;
    int64_t kib = 0;
    std::string unit;
    while (file >> key >> kib >> unit)
        if (key == "MemAvailable:")
            return kib * 1024;
    return 0;
}

}  // namespace gsst
