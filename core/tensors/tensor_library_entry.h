// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "tensors/tensor_library.h"

#include <filesystem>

namespace gsst {

/// What the shared library's one function, of this name and without arguments, returns.
struct TensorLibraryEntry {
    const char* version = nullptr;  ///< of GSST Studio
    TensorLibrary* library = nullptr;
};
inline constexpr const char* kTensorLibraryFunction = "gsst_tensor_library";

/// Where programs look for it: lib/gsst-studio beside the folder of the program.
std::filesystem::path tensorLibraryFile();

/// Loads that of any file. An Error if it cannot be loaded, or is not the one that was built with this program.
Result<TensorLibrary*> loadTensorLibrary(const std::filesystem::path& file);

}  // namespace gsst
