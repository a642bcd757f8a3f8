// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/program_path.h"

#include <windows.h>

#include <string>

namespace gsst {

std::filesystem::path programPath() {
    constexpr size_t kLongestPath = 32768;
    std::wstring path(kLongestPath, L'\0');
    path.resize(GetModuleFileNameW(nullptr, path.data(), static_cast<DWORD>(path.size())));
    return path;
}

}  // namespace gsst
