// SPDX-License-Identifier: GPL-3.0-or-later
#include "tensors/tensor_library.h"

#include "base/program_path.h"
#include "device/system_memory.h"
#include "tensors/shared_library.h"
#include "tensors/tensor_library_entry.h"

#include <atomic>
#include <mutex>
#include <string>
#include <system_error>

namespace gsst {
namespace {

constexpr const char* kWhat = "The part of GSST Studio that computes cannot be loaded";

std::atomic<TensorLibrary*> g_loaded = nullptr;
std::atomic<int64_t> g_bytesBefore = 0;

Error missing(const std::filesystem::path& file) {
    return {ErrorCode::NotFound, kWhat, file.string(),
            "there is no such file; it is built with the program, unless LibTorch is left out (GSST_WITH_TORCH=OFF)",
            "Install GSST Studio again, or build it whole with packaging/build.sh"};
}

Error unloadable(const std::filesystem::path& file, const std::string& problem) {
    return {ErrorCode::Io, kWhat, file.string(), problem,
            "If it names a file of LibTorch or CUDA, install these with packaging/install.sh; else install GSST Studio "
            "again, or build it with packaging/build.sh"};
}

}  // namespace

std::filesystem::path tensorLibraryFile() {
    return programPath().parent_path().parent_path() / "lib" / "gsst-studio" / sharedLibraryName("gsst_tensors");
}

Result<TensorLibrary*> loadTensorLibrary(const std::filesystem::path& file) {
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored))
        return missing(file);
    const LoadedSymbol found = loadSymbol(file, kTensorLibraryFunction);
    if (!found.address)
        return unloadable(file, found.problem);
    const TensorLibraryEntry entry = reinterpret_cast<TensorLibraryEntry (*)()>(found.address)();
    if (std::string(entry.version) != GSST_VERSION)
        return unloadable(file, std::string("it belongs to version ") + entry.version +
                                    ", this program is version " GSST_VERSION);
    return entry.library;
}

Result<TensorLibrary*> tensorLibrary() {
    if (TensorLibrary* loaded = g_loaded.load())
        return loaded;
    static std::mutex loading;
    const std::lock_guard lock(loading);
    if (TensorLibrary* loaded = g_loaded.load())
        return loaded;
    const int64_t before = processMemoryBytes();
    GSST_ASSIGN(TensorLibrary * library, loadTensorLibrary(tensorLibraryFile()));
    g_bytesBefore.store(before);
    g_loaded.store(library);
    return library;
}

bool tensorLibraryIsLoaded() {
    return g_loaded.load() != nullptr;
}

int64_t bytesBesideTensors() {
    return tensorLibraryIsLoaded() ? g_bytesBefore.load() : processMemoryBytes();
}

}  // namespace gsst
