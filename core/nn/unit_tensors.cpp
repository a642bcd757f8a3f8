// SPDX-License-Identifier: GPL-3.0-or-later
#include "nn/unit_tensors.h"

#include <ATen/ops/from_blob.h>

namespace gsst {

UnitTensors::UnitTensors(const TensorTable& table, int unit, const void* elements, at::ScalarType type) {
    // from_blob takes no const memory; weights are only read.
    auto* base = static_cast<std::byte*>(const_cast<void*>(elements));
    for (const TensorInfo& tensor : table.tensorsOf(unit))
        set(tensor.role, at::from_blob(base + size_t(tensor.offset) * c10::elementSize(type), tensor.shape,
                                       at::TensorOptions().dtype(type)));
}

}  // namespace gsst
