// SPDX-License-Identifier: GPL-3.0-or-later
#include "tensors/shared_library.h"

#include <dlfcn.h>

namespace gsst {
namespace {

LoadedSymbol problem() {
    const char* text = ::dlerror();
    return {nullptr, text ? text : "the system does not say why"};
}

}  // namespace

std::string sharedLibraryName(const std::string& stem) {
    return "lib" + stem + ".so";
}

LoadedSymbol loadSymbol(const std::filesystem::path& file, const char* function) {
    // Lazy: binding every function of LibTorch at once would take longer than all else.
    void* library = ::dlopen(file.c_str(), RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
    if (!library)
        return problem();
    void* address = ::dlsym(library, function);
    return address ? LoadedSymbol{address, {}} : problem();
}

}  // namespace gsst
