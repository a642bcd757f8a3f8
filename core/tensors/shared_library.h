// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>

namespace gsst {

// Shared libraries of the operating system, by platform. They are never unloaded: LibTorch does not survive that.

/// File of a shared library with this stem: "libgsst_tensors.so", "gsst_tensors.dll".
std::string sharedLibraryName(const std::string& stem);

struct LoadedSymbol {
    void* address = nullptr;
    std::string problem;  ///< what the system says, if there is no address
};

/// Loads the file, unless it is loaded already, with the libraries that it needs, and finds a function in it.
LoadedSymbol loadSymbol(const std::filesystem::path& file, const char* function);

}  // namespace gsst
