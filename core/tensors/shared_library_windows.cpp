// SPDX-License-Identifier: GPL-3.0-or-later
#include "tensors/shared_library.h"

#include <windows.h>

#include <bit>
#include <system_error>

namespace gsst {
namespace {

LoadedSymbol problem() {
    return {nullptr, std::system_category().message(int(GetLastError()))};
}

}  // namespace

std::string sharedLibraryName(const std::string& stem) {
    return stem + ".dll";
}

LoadedSymbol loadSymbol(const std::filesystem::path& file, const char* function) {
    const HMODULE library = LoadLibraryExW(file.c_str(), nullptr, LOAD_WITH_ALTERED_SEARCH_PATH);
    if (!library)
        return problem();
    const FARPROC address = GetProcAddress(library, function);
    return address ? LoadedSymbol{std::bit_cast<void*>(address), {}} : problem();
}

}  // namespace gsst
