// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/model_spec.h"

#include <ATen/core/Tensor.h>

#include <vector>

namespace gsst {

/// Rotary positions in the half-rotation convention of Hugging Face's Llama: element i of a head is paired with i +
/// headSize / 2, the angle is position * theta^(-2 i / headSize), computed in fp32 as there. The rotation itself is
/// done in fp32 with one rounding to the compute precision (Hugging Face rounds sine and cosine to it first: more
/// error, no more speed).
class Rotary {
public:
    explicit Rotary(const ModelSpec& model);

    /// Rotates `heads` [batch, tokens, heads, headSize] in place; token t stands at firstPosition + t < context. Rows
    /// of one head are contiguous, other strides free.
    void rotate(const at::Tensor& heads, int64_t firstPosition = 0) const { turn(heads, firstPosition, 1.0f); }
    /// The transpose of rotate(): what the gradient needs.
    void rotateBack(const at::Tensor& heads) const { turn(heads, 0, -1.0f); }

private:
    void turn(const at::Tensor& heads, int64_t firstPosition, float direction) const;

    int64_t m_half;
    std::vector<float> m_cosine;  ///< [context, half]
    std::vector<float> m_sine;
};

}  // namespace gsst
