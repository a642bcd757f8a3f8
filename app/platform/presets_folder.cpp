// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/platform/program.h"

#include "base/program_path.h"

namespace gsst {

std::filesystem::path presetsFolder() {
    std::error_code ignored;
    const std::filesystem::path installed =
        programPath().parent_path().parent_path() / "share" / "gsst-studio" / "presets";
    return std::filesystem::exists(installed, ignored) ? installed : std::filesystem::path(GSST_BUILD_PRESETS);
}

}  // namespace gsst
