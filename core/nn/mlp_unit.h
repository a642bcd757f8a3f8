// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "nn/norm.h"
#include "nn/unit_tensors.h"

namespace gsst {

/// x + down(activation(norm(x))): gelu_tanh(up) or silu(gate) * up, see MlpKind. Gradients by hand, see
/// AttentionUnit; the activation is recomputed from what goes into it. Activations [batch, tokens, d] contiguous,
/// compute precision.
class MlpUnit {
public:
    MlpUnit(const ModelSpec& model, const UnitWeights& weights, Products products);

    /// What backward needs besides the weights. `input` is a view of the caller's memory.
    struct Saved {
        at::Tensor input;
        NormStatistics statistics;
        at::Tensor gate;  ///< [rows, f]; of a SwiGLU
        at::Tensor up;    ///< [rows, f]
    };

    /// `output` may be the memory of `input`.
    void forward(const at::Tensor& input, const at::Tensor& output) const;
    /// As forward(), the same bits, but keeps what backward() needs; `output` may be undefined (not wanted), not the
    /// input's memory.
    Saved save(const at::Tensor& input, const at::Tensor& output) const;
    /// Adds the weight gradients to `gradients`; `inputGradient` may be the memory of `outputGradient`. Consumes
    /// `saved`.
    void backward(const at::Tensor& outputGradient, Saved saved, const UnitGradients& gradients,
                  const at::Tensor& inputGradient) const;

private:
    Saved project(const at::Tensor& input) const;
    void activate(const Saved& saved, const at::Tensor& out) const;
    void finish(const at::Tensor& input, const at::Tensor& hidden, const at::Tensor& output) const;
    at::Tensor projectionBackward(const Saved& saved, const UnitGradients& gradients) const;

    bool m_gated;
    UnitWeights m_weights;
    Norm m_norm;
    Products m_products;
};

}  // namespace gsst
