// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/core/Tensor.h>

namespace gsst {

// SwiGLU, element by element in fp32 with one rounding to the compute precision. All tensors are contiguous and of one
// shape.

/// out = silu(gate) * up; `out` may be the memory of `gate` or `up`.
void swiglu(const at::Tensor& gate, const at::Tensor& up, const at::Tensor& out);

/// Replaces gate and up by their gradients, given the gradient of swiglu()'s result.
void swigluBackward(const at::Tensor& gate, const at::Tensor& up, const at::Tensor& outGradient);

}  // namespace gsst
