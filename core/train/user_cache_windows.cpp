// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/machine_cache.h"

#include <windows.h>

#include <string>
#include <thread>

namespace gsst {

namespace {

std::wstring variable(const wchar_t* name) {
    std::wstring value(32767, L'\0');
    value.resize(::GetEnvironmentVariableW(name, value.data(), DWORD(value.size())));
    return value;
}

}  // namespace

std::filesystem::path userCacheFolder() {
    const std::wstring folder = variable(L"LOCALAPPDATA");
    return folder.empty() ? std::filesystem::path() : std::filesystem::path(folder) / "gsst-studio";
}

std::string machineName() {
    return std::filesystem::path(variable(L"PROCESSOR_IDENTIFIER")).string() + ", " + std::to_string(std::thread::hardware_concurrency()) + " threads";
}

}  // namespace gsst
