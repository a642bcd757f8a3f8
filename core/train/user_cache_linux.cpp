// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/machine_cache.h"

#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

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

}  // namespace gsst
