// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "nn/unit_tensors.h"

#include <span>

namespace gsst {

/// Token table (and learned positions, Gpt2). Tokens must lie in [0, V): the caller checks.
class EmbeddingUnit {
public:
    explicit EmbeddingUnit(const UnitWeights& weights);

    /// output [batch, tokens, d] for batch * tokens token numbers; the first token of each sequence stands at `firstPosition`.
    void forward(std::span<const int64_t> tokens, const at::Tensor& output, int64_t firstPosition = 0) const;
    /// Adds the gradients of outputGradient [batch, tokens, d] in the order of the tokens, in fp32.
    void backward(std::span<const int64_t> tokens, const at::Tensor& outputGradient, const UnitGradients& gradients) const;

private:
    at::Tensor m_table;
    at::Tensor m_positions;
};

}  // namespace gsst
