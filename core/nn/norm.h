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

/// LayerNorm (Gpt2) or RMSNorm (Llama) over the last dimension, with the norm weights of a unit. Arithmetic in fp32,
/// one rounding to the compute precision at the end. No result depends on the number of threads.
class Norm {
public:
    Norm(const ModelSpec& model, const UnitWeights& weights);

    NormStatistics statistics(const at::Tensor& input) const;  ///< input [rows, d], rows contiguous
    /// out[rows, d] = normalised input.
    void apply(const at::Tensor& input, const NormStatistics& statistics, const at::Tensor& out) const;
    /// inputGradient = residualGradient (if defined) + gradient of the norm; `inputGradient` may be the memory of
    /// `residualGradient` or of `gradient`. Adds to the norm's entries of `gradients`.
    void backward(const at::Tensor& gradient, const at::Tensor& input, const NormStatistics& statistics,
                  const at::Tensor& residualGradient, const at::Tensor& inputGradient,
                  const UnitGradients& gradients) const;

private:
    bool m_centred;
    double m_epsilon;
    at::Tensor m_weight;
    at::Tensor m_bias;
};

}  // namespace gsst
