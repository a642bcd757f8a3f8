// SPDX-License-Identifier: GPL-3.0-or-later
#include "nn/head_unit.h"

#include "nn/linear.h"
#include "nn/token_loss.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace gsst {

HeadUnit::HeadUnit(const ModelSpec& model, const UnitWeights& weights, at::Tensor table, int64_t tokenChunk)
    : m_norm(model, weights), m_table(std::move(table)), m_tokenChunk(tokenChunk) {}

double HeadUnit::loss(const at::Tensor& input, std::span<const int64_t> targets) const { return run(input, targets, nullptr); }

double HeadUnit::lossAndGradients(const at::Tensor& input, std::span<const int64_t> targets, const HeadGradients& gradients) const {
    return run(input, targets, &gradients);
}

at::Tensor HeadUnit::logits(const at::Tensor& input) const {
    const at::Tensor normed = at::empty_like(input);
    m_norm.apply(input, m_norm.statistics(input), normed);
    return linear(normed, m_table, {});
}

double HeadUnit::run(const at::Tensor& input, std::span<const int64_t> targets, const HeadGradients* gradients) const {
    const int64_t tokens = input.size(0);
    const int64_t chunk = std::min(tokens, m_tokenChunk);
    std::vector<double> losses(size_t(tokens), 0.0);
    // One buffer each for all chunks.
    const at::Tensor normedBuffer = at::empty({chunk, input.size(1)}, input.options());
    const at::Tensor logitsBuffer = at::empty({chunk, m_table.size(0)}, input.options());
    for (int64_t first = 0; first < tokens; first += chunk) {
        const int64_t count = std::min(chunk, tokens - first);
        const at::Tensor rows = input.narrow(0, first, count);
        at::Tensor normed = normedBuffer.narrow(0, 0, count);
        at::Tensor logits = logitsBuffer.narrow(0, 0, count);
        const NormStatistics statistics = m_norm.statistics(rows);
        m_norm.apply(rows, statistics, normed);
        linearInto(logits, normed, m_table);
        const auto chunkTargets = targets.subspan(size_t(first), size_t(count));
        const auto chunkLosses = std::span(losses).subspan(size_t(first), size_t(count));
        if (!gradients) {
            tokenLosses(logits, chunkTargets, chunkLosses);
            continue;
        }
        tokenLossesAndGradient(logits, chunkTargets, float(gradients->scale), chunkLosses);
        addWeightGradient(gradients->table, logits, normed);
        inputGradient(logits, m_table, normed);
        m_norm.backward(normed, rows, statistics, {}, gradients->input.narrow(0, first, count), gradients->unit);
    }
    return std::accumulate(losses.begin(), losses.end(), 0.0);
}

}  // namespace gsst
