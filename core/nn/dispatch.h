// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "nn/vector_math.h"

#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>

namespace gsst {

/// First element of `tensor` as the kernels see it: float, or the bits of bfloat16 or fp16.
template <typename T>
T* kernelData(const at::Tensor& tensor) {
    return tensor.defined() ? static_cast<T*>(tensor.data_ptr()) : nullptr;
}

/// Calls `body` with a value of the kernel type of `tensor` (fp32, bf16 or fp16, on the CPU).
template <typename Body>
void dispatchPrecision(const at::Tensor& tensor, const Body& body) {
    TORCH_INTERNAL_ASSERT(tensor.is_cpu());
    if (tensor.scalar_type() == at::kFloat) {
        body(float{});
    } else if (tensor.scalar_type() == at::kHalf) {
        body(vector_math::Fp16{});
    } else {
        TORCH_INTERNAL_ASSERT(tensor.scalar_type() == at::kBFloat16);
        body(vector_math::Bf16{});
    }
}

}  // namespace gsst
