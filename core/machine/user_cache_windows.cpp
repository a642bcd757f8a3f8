// SPDX-License-Identifier: GPL-3.0-or-later
#include "machine/machine_cache.h"

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

constexpr DWORD kLongestPath = 32767;

}  // namespace

std::filesystem::path userCacheFolder() {
    const std::wstring folder = variable(L"LOCALAPPDATA");
    return folder.empty() ? std::filesystem::path() : std::filesystem::path(folder) / "gsst-studio";
}

std::string machineName() {
    return std::filesystem::path(variable(L"PROCESSOR_IDENTIFIER")).string() + ", " +
           std::to_string(std::thread::hardware_concurrency()) + " threads";
}

/// The volume's serial number and size.
std::string driveIdentity(const std::filesystem::path& folder) {
    std::wstring root(kLongestPath, L'\0');
    DWORD serial = 0;
    ULARGE_INTEGER size{};
    if (!::GetVolumePathNameW(folder.c_str(), root.data(), kLongestPath) ||
        !::GetVolumeInformationW(root.c_str(), nullptr, 0, &serial, nullptr, nullptr, nullptr, 0) ||
        !::GetDiskFreeSpaceExW(root.c_str(), nullptr, &size, nullptr))
        return {};
    return std::to_string(serial) + "-" + std::to_string(size.QuadPart);
}

}  // namespace gsst
