// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "nn/norm.h"
#include "nn/unit_tensors.h"

#include <span>

namespace gsst {

/// Where the gradients of the head go.
struct HeadGradients {
    at::Tensor input;        ///< [tokens, d] compute precision, written
    UnitGradients unit;      ///< final norm (and the matrix when untied), added to
    at::Tensor table;        ///< fp32 [V, d]: the tied table's or the head matrix's accumulator, added to
    double scale = 1.0;      ///< of the token losses, e.g. one over the targets of the whole step
};

/// Final norm, output matrix and cross-entropy, in chunks of tokens, so that only [chunk, V] logits exist, once, in compute precision:
/// they are turned into their gradient in place.
class HeadUnit {
public:
    /// `table` [V, d]: the head matrix, or the token table when tied.
    HeadUnit(const ModelSpec& model, const UnitWeights& weights, at::Tensor table, int64_t tokenChunk);

    /// Sum of the losses in nats over input [tokens, d]; targets as in tokenLosses().
    double loss(const at::Tensor& input, std::span<const int64_t> targets) const;
    /// The same bits, and the gradients.
    double lossAndGradients(const at::Tensor& input, std::span<const int64_t> targets, const HeadGradients& gradients) const;
    /// Logits [tokens, V] in compute precision.
    at::Tensor logits(const at::Tensor& input) const;

private:
    double run(const at::Tensor& input, std::span<const int64_t> targets, const HeadGradients* gradients) const;

    Norm m_norm;
    at::Tensor m_table;
    int64_t m_tokenChunk;
};

}  // namespace gsst
