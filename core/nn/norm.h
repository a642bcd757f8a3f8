// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "nn/unit_tensors.h"
#include "spec/model_spec.h"

namespace gsst {

/// Statistics of the rows of one normalisation; fp32.
struct NormStatistics {
    at::Tensor mean;   ///< [rows]; undefined for RMSNorm
    at::Tensor scale;  ///< [rows], one over the standard deviation (or root mean square)
};

/// LayerNorm or RMSNorm over the last dimension, with norm weights of a unit. Arithmetic in fp32, one rounding to the
/// compute precision at the end. No result depends on the number of threads.
class Norm {
public:
    /// The norm of what enters the unit, of the model's kind: NormWeight and NormBias.
    Norm(const ModelSpec& model, const UnitWeights& weights);
    /// An RMSNorm within the unit, with the weight of this role.
    Norm(const ModelSpec& model, const UnitWeights& weights, TensorRole weight);

    NormStatistics statistics(const at::Tensor& input) const;  ///< input [rows, d], rows contiguous
    /// out[rows, d] = normalised input; may be its memory.
    void apply(const at::Tensor& input, const NormStatistics& statistics, const at::Tensor& out) const;
    /// inputGradient = residualGradient (if defined) + gradient of the norm; `inputGradient` may be the memory of
    /// `residualGradient` or of `gradient`. Adds to the entries of `gradients` that have the roles of its weights.
    void backward(const at::Tensor& gradient, const at::Tensor& input, const NormStatistics& statistics,
                  const at::Tensor& residualGradient, const at::Tensor& inputGradient,
                  const UnitGradients& gradients) const;

private:
    NormKind m_kind;
    double m_epsilon;
    TensorRole m_weightRole;
    at::Tensor m_weight;
    at::Tensor m_bias;
};

}  // namespace gsst
