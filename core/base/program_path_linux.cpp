// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/program_path.h"

namespace gsst {

std::filesystem::path programPath() {
    std::error_code error;
    return std::filesystem::read_symlink("/proc/self/exe", error);
}

}  // namespace gsst
