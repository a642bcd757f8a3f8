// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/platform/program.h"

#include <unistd.h>

#include <cstdlib>

namespace gsst {

std::filesystem::path programPath() {
    std::error_code error;
    return std::filesystem::read_symlink("/proc/self/exe", error);
}

void ensurePassiveWaiting(char** arguments) {
    if (std::getenv("OMP_WAIT_POLICY"))
        return;
    setenv("OMP_WAIT_POLICY", "passive", 1);
    execv(programPath().c_str(), arguments);
    // Going on with the slower default is better than not starting.
}

}  // namespace gsst
