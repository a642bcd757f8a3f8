// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/tensor_table.h"
#include "spec/train_spec.h"

#include <ATen/core/Tensor.h>

#include <utility>
#include <vector>

namespace gsst {

inline at::ScalarType scalarTypeOf(Precision precision) {
    return precision == Precision::Fp32 ? at::kFloat : precision == Precision::Bf16 ? at::kBFloat16 : at::kHalf;
}

/// The tensors of one unit by role, as views of a contiguous element space (padded offsets as in the TensorTable). Owns
/// no memory: the element space must outlive it and everything made from it. Cheap to copy, since a unit has few.
class UnitTensors {
public:
    UnitTensors() = default;
    /// `elements`: first element of the unit's element space, of type `type`.
    UnitTensors(const TensorTable& table, int unit, const void* elements, at::ScalarType type);

    /// The tensor with `role`; undefined if the unit has none.
    const at::Tensor& operator[](TensorRole role) const;
    /// Sets or replaces it.
    void set(TensorRole role, at::Tensor tensor);

private:
    std::vector<std::pair<TensorRole, at::Tensor>> m_tensors;
    at::Tensor m_none;  ///< undefined
};

using UnitWeights = UnitTensors;    ///< compute precision, read only
using UnitGradients = UnitTensors;  ///< fp32 accumulators, added to

}  // namespace gsst
