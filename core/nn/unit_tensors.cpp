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

const at::Tensor& UnitTensors::operator[](TensorRole role) const {
    for (const auto& [known, tensor] : m_tensors)
        if (known == role)
            return tensor;
    return m_none;
}

void UnitTensors::set(TensorRole role, at::Tensor tensor) {
    for (auto& [known, old] : m_tensors)
        if (known == role) {
            old = std::move(tensor);
            return;
        }
    m_tensors.emplace_back(role, std::move(tensor));
}

}  // namespace gsst
