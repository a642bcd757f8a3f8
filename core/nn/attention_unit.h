// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "nn/norm.h"
#include "nn/rotary.h"
#include "nn/unit_tensors.h"

namespace gsst {

/// Keys and values of the tokens so far of one attention unit, for generation.
struct KeyValueCache {
    at::Tensor keys;  ///< [1, context, kvHeads, headSize], compute precision; rotated where the model rotates
    at::Tensor values;
};

/// x + out(attention(norm(x))): causal, grouped queries where kvHeads < heads (LibTorch's fused CPU attention reads
/// grouped keys in place, so nothing is repeated). Gradients are written out by hand instead of recorded: each buffer
/// dies as soon as the last product that needs it is done, weight gradients go straight into the accumulators, and
/// recomputation skips the output projection. Activations [batch, tokens, d] contiguous, compute precision.
class AttentionUnit {
public:
    /// `rotary` may be null for Gpt2; it must outlive the unit.
    AttentionUnit(const ModelSpec& model, const UnitWeights& weights, const Rotary* rotary, Products products);

    /// What backward needs besides the weights. `input` is a view of the caller's memory.
    struct Saved {
        at::Tensor input;
        NormStatistics statistics;
        at::Tensor query, key, value;  ///< [batch, tokens, heads, headSize] each; Gpt2: views of one tensor
        at::Tensor attended;           ///< [batch, heads, tokens, headSize], in memory [batch, tokens, d]
        at::Tensor logSumExp;
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

    /// forward() in place for the next tokens x [1, n, d] of one sequence, at positions firstPosition ...; their keys
    /// and values join `cache`. Either firstPosition is 0 (a prompt) or n is 1.
    void append(const at::Tensor& x, int64_t firstPosition, KeyValueCache& cache) const;

private:
    Saved project(const at::Tensor& input) const;
    void attend(Saved& saved) const;
    void finish(const at::Tensor& input, const at::Tensor& attended, const at::Tensor& output) const;
    at::Tensor projectionBackward(const Saved& saved, const at::Tensor& dQuery, const at::Tensor& dKey,
                                  const at::Tensor& dValue, const UnitGradients& gradients) const;

    ModelSpec m_model;
    UnitWeights m_weights;
    Norm m_norm;
    const Rotary* m_rotary;
    Products m_products;
};

}  // namespace gsst
