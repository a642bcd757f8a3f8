// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "nn/unit_tensors.h"

#include <span>
#include <vector>

namespace gsst {

/// Token table (and learned positions, where the model has them), or some of its rows. Tokens must lie in [0, V): the
/// caller checks.
class EmbeddingUnit {
public:
    /// The rows of the token table are those from `firstRow` on.
    explicit EmbeddingUnit(const UnitWeights& weights, int64_t firstRow = 0);

    /// output [batch, tokens, d] for batch * tokens token numbers; the first token of each sequence stands at
    /// `firstPosition`. Of tokens whose rows are not here it is left alone. Positions, if they are here, are added to
    /// all of it: rows come first.
    void forward(std::span<const int64_t> tokens, const at::Tensor& output, int64_t firstPosition = 0) const;
    /// Adds the gradients of outputGradient [batch, tokens, d] in the order of the tokens, in fp32; of the tokens whose
    /// rows are here.
    void backward(std::span<const int64_t> tokens, const at::Tensor& outputGradient,
                  const UnitGradients& gradients) const;

private:
    /// Of each token the row of the table at hand, or -1.
    std::vector<int64_t> rowsOf(std::span<const int64_t> tokens) const;

    at::Tensor m_table;
    at::Tensor m_positions;
    int64_t m_firstRow;
};

}  // namespace gsst
