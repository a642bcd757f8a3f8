// SPDX-License-Identifier: GPL-3.0-or-later
#include "nn/embedding_unit.h"

#include "nn/linear.h"

#include <numeric>
#include <vector>

namespace gsst {

EmbeddingUnit::EmbeddingUnit(const UnitWeights& weights, int64_t firstRow)
    : m_table(weights[TensorRole::TokenEmbedding]), m_positions(weights[TensorRole::PositionEmbedding]),
      m_firstRow(firstRow) {}

std::vector<int64_t> EmbeddingUnit::rowsOf(std::span<const int64_t> tokens) const {
    std::vector<int64_t> rows(tokens.begin(), tokens.end());
    for (int64_t& row : rows) {
        row -= m_firstRow;
        if (row < 0 || row >= m_table.size(0))
            row = -1;
    }
    return rows;
}

void EmbeddingUnit::forward(std::span<const int64_t> tokens, const at::Tensor& output, int64_t firstPosition) const {
    copyRows(output.view({-1, output.size(-1)}), m_table, rowsOf(tokens).data());
    if (m_positions.defined()) {
        at::Tensor sequences = output;
        sequences.add_(m_positions.narrow(0, firstPosition, output.size(1)));
    }
}

void EmbeddingUnit::backward(std::span<const int64_t> tokens, const at::Tensor& outputGradient,
                             const UnitGradients& gradients) const {
    const int64_t batch = outputGradient.size(0), length = outputGradient.size(1);
    addRows(gradients[TensorRole::TokenEmbedding], rowsOf(tokens).data(), outputGradient.view({batch * length, -1}));
    if (!m_positions.defined())
        return;
    std::vector<int64_t> positions(static_cast<size_t>(length));
    std::iota(positions.begin(), positions.end(), int64_t{0});
    for (int64_t sequence = 0; sequence < batch; ++sequence)
        addRows(gradients[TensorRole::PositionEmbedding], positions.data(), outputGradient[sequence]);
}

}  // namespace gsst
