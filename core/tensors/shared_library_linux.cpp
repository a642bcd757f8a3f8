// SPDX-License-Identifier: GPL-3.0-or-later
#include "tensors/shared_library.h"

#include <dlfcn.h>
#include <elf.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <system_error>

namespace gsst {
namespace {

LoadedSymbol problem() {
    const char* text = ::dlerror();
    return {nullptr, text ? text : "the system does not say why"};
}

/// Of a file that was cut off the system maps more than there is, and touching that ends the program. The table of
/// sections comes last in it.
bool isCutOff(const std::filesystem::path& file) {
    Elf64_Ehdr header{};
    std::ifstream stream(file, std::ios::binary);
    if (!stream.read(reinterpret_cast<char*>(&header), sizeof(header)) ||
        std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        return false;  // the system will say what it is
    std::error_code error;
    const auto size = uint64_t(std::filesystem::file_size(file, error));
    const uint64_t table = uint64_t(header.e_shnum) * header.e_shentsize;
    return error || header.e_shoff > size || table > size - header.e_shoff;
}

}  // namespace

std::string sharedLibraryName(const std::string& stem) {
    return "lib" + stem + ".so";
}

LoadedSymbol loadSymbol(const std::filesystem::path& file, const char* function) {
    if (isCutOff(file))
        return {nullptr, "the file is damaged: its end is missing"};
    // Lazy: binding every function of LibTorch at once would take longer than all else.
    void* library = ::dlopen(file.c_str(), RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
    if (!library)
        return problem();
    void* address = ::dlsym(library, function);
    return address ? LoadedSymbol{address, {}} : problem();
}

}  // namespace gsst
