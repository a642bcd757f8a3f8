// SPDX-License-Identifier: GPL-3.0-or-later
#include "machine/machine_cache.h"

#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include <sys/statfs.h>
#include <sys/statvfs.h>

namespace gsst {

/// After the XDG Base Directory Specification: an absolute XDG_CACHE_HOME, else ~/.cache.
std::filesystem::path userCacheFolder() {
    if (const char* folder = std::getenv("XDG_CACHE_HOME"); folder && *folder == '/')
        return std::filesystem::path(folder) / "gsst-studio";
    if (const char* home = std::getenv("HOME"); home && *home == '/')
        return std::filesystem::path(home) / ".cache" / "gsst-studio";
    return {};
}

std::string machineName() {
    std::string name = "unknown processor";
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);)
        if (const size_t colon = line.find(": "); line.starts_with("model name") && colon != std::string::npos) {
            name = line.substr(colon + 2);
            break;
        }
    return name + ", " + std::to_string(std::thread::hardware_concurrency()) + " threads";
}

/// The identifier is made from the file system's own where it has one; the size tells those apart that have none.
std::string driveIdentity(const std::filesystem::path& folder) {
    struct statvfs there{};
    struct statfs kind{};
    if (::statvfs(folder.c_str(), &there) != 0 || ::statfs(folder.c_str(), &kind) != 0)
        return {};
    return std::to_string(kind.f_type) + "-" + std::to_string(there.f_fsid) + "-" +
           std::to_string(uint64_t{there.f_blocks} * there.f_frsize);
}

}  // namespace gsst
