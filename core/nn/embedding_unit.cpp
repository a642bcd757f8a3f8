// SPDX-License-Identifier: GPL-3.0-or-later
#include "nn/embedding_unit.h"

#include "nn/linear.h"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/index_select.h>

#include <numeric>
#include <vector>

namespace gsst {

EmbeddingUnit::EmbeddingUnit(const UnitWeights& weights)
    : m_table(weights[TensorRole::TokenEmbedding]), m_positions(weights[TensorRole::PositionEmbedding]) {}

void EmbeddingUnit::forward(std::span<const int64_t> tokens, const at::Tensor& output, int64_t firstPosition) const {
    const at::Tensor indices = at::from_blob(const_cast<int64_t*>(tokens.data()), {int64_t(tokens.size())}, at::kLong);
    at::Tensor rows = output.view({-1, output.size(-1)});
    at::index_select_out(rows, m_table, 0, indices);
    if (m_positions.defined()) {
        at::Tensor sequences = output;
        sequences.add_(m_positions.narrow(0, firstPosition, output.size(1)));
    }
}

void EmbeddingUnit::backward(std::span<const int64_t> tokens, const at::Tensor& outputGradient, const UnitGradients& gradients) const {
    const int64_t batch = outputGradient.size(0), length = outputGradient.size(1);
    addRows(gradients[TensorRole::TokenEmbedding], tokens.data(), outputGradient.view({batch * length, -1}));
    if (!m_positions.defined())
        return;
    std::vector<int64_t> positions(static_cast<size_t>(length));
    std::iota(positions.begin(), positions.end(), int64_t{0});
    for (int64_t sequence = 0; sequence < batch; ++sequence)
        addRows(gradients[TensorRole::PositionEmbedding], positions.data(), outputGradient[sequence]);
}

}  // namespace gsst
