// SPDX-License-Identifier: GPL-3.0-or-later
// What an older program left beside the new one.
#include "tensors/tensor_library_entry.h"

extern "C" gsst::TensorLibraryEntry gsst_tensor_library();

gsst::TensorLibraryEntry gsst_tensor_library() {
    return {"0.0.1", nullptr};
}
