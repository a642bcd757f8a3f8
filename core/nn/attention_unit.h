// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "nn/norm.h"
#include "nn/rotary.h"
#include "nn/unit_tensors.h"

#include <optional>

namespace gsst {

/// Keys and values of the tokens so far of one attention unit, for generation.
struct KeyValueCache {
    at::Tensor keys;  ///< [1, context, kvHeads, headSize], compute precision; as scores take them
    at::Tensor values;
};

/// x + out(attention(norm(x))), with queries and keys normed per head and rotated where the model has it: causal,
/// grouped queries where kvHeads < heads (LibTorch's fused CPU attention reads grouped keys in place, so nothing is
/// repeated). Gradients are written out by hand instead of recorded: each buffer dies as soon as the last product that
/// needs it is done, weight gradients go straight into the accumulators, and recomputation skips the output projection.
/// Activations [batch, tokens, d] contiguous, compute precision.
class AttentionUnit {
public:
    /// `rotary` is null unless the model has rotary positions; it must outlive the unit.
    AttentionUnit(const ModelSpec& model, const UnitWeights& weights, const Rotary* rotary, Products products);

    /// What backward needs besides the weights. `input` is a view of the caller's memory.
    struct Saved {
        at::Tensor input;
        NormStatistics statistics;
        /// [batch, tokens, heads, headSize] each, views of one tensor where they are fused. Queries and keys are as
        /// scores take them, but as projected where they are normed: their norms need that, and make the others again.
        at::Tensor query, key, value;
        at::Tensor attended;  ///< [batch, heads, tokens, headSize], in memory [batch, tokens, heads * headSize]
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
    /// What scores are made of: queries and keys as in Saved, normed and rotated.
    struct Scored {
        at::Tensor query, key;
    };

    Saved project(const at::Tensor& input) const;
    void rotate(const Scored& heads, int64_t firstPosition) const;
    /// Norms and rotates what project() gave in its own memory.
    Scored scoredInPlace(const Saved& projected, int64_t firstPosition) const;
    /// From what save() keeps, which stays as it is.
    Scored scored(const Saved& saved) const;
    void attend(Saved& saved, const Scored& heads) const;
    void finish(const at::Tensor& input, const at::Tensor& attended, const at::Tensor& output) const;
    /// Replaces the gradients of normed heads by those of the projected ones.
    void headNormBackward(const Saved& saved, const Scored& headGradients, const UnitGradients& gradients) const;
    at::Tensor projectionBackward(const Saved& saved, const at::Tensor& dQuery, const at::Tensor& dKey,
                                  const at::Tensor& dValue, const UnitGradients& gradients) const;

    ModelSpec m_model;
    UnitWeights m_weights;
    Norm m_norm;
    std::optional<Norm> m_queryNorm, m_keyNorm;  ///< both or none
    const Rotary* m_rotary;
    Products m_products;
};

}  // namespace gsst
