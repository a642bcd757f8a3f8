// SPDX-License-Identifier: GPL-3.0-or-later
#include "nn/head_unit.h"

#include "nn/linear.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace gsst {

HeadUnit::HeadUnit(const ModelSpec& model, const UnitWeights& norm, HeadRows rows, const HeadChunks& chunks,
                   Products products)
    : m_norm(model, norm), m_rows(std::move(rows)), m_chunks(chunks), m_products(products) {}

int64_t HeadUnit::chunkCount() const {
    return (m_rows.rows.size(0) + m_chunks.rows - 1) / m_chunks.rows;
}

int64_t HeadUnit::rowsOf(int64_t chunk) const {
    return std::min(m_chunks.rows, m_rows.rows.size(0) - chunk * m_chunks.rows);
}

template <typename Work>
void HeadUnit::forEachPart(const at::Tensor& input, std::span<const int64_t> targets, const Work& work) const {
    const int64_t tokens = input.size(0);
    const int64_t chunk = std::min(tokens, m_chunks.tokens);
    const at::Tensor normed = at::empty({chunk, input.size(1)}, input.options());
    for (int64_t first = 0; first < tokens; first += chunk) {
        Part part;
        part.first = first;
        part.count = std::min(chunk, tokens - first);
        part.rows = input.narrow(0, first, part.count);
        part.statistics = m_norm.statistics(part.rows);
        part.normed = normed.narrow(0, 0, part.count);
        part.targets = targets.subspan(size_t(first), size_t(part.count));
        m_norm.apply(part.rows, part.statistics, part.normed);
        work(part);
    }
}

/// Logits of one chunk of the rows at hand, in memory that holds nothing else: they are the same whatever lies beside
/// them.
LogitChunk HeadUnit::logits(const Part& part, int64_t chunk, const at::Tensor& buffer) const {
    const int64_t rows = rowsOf(chunk);
    const at::Tensor logits = buffer.narrow(0, 0, part.count * rows).view({part.count, rows});
    linearInto(logits, part.normed, m_rows.rows.narrow(0, chunk * m_chunks.rows, rows), m_products);
    return {logits, m_rows.first + chunk * m_chunks.rows};
}

void HeadUnit::addGradient(const Part& part, int64_t chunk, const at::Tensor& logitGradient,
                           const HeadGradients& gradients) const {
    const int64_t first = chunk * m_chunks.rows;
    const at::Tensor input = gradients.input.narrow(0, part.first, part.count);
    LinearBackward backward(part.normed, m_products);
    if (m_rows.first + first + rowsOf(chunk) < m_rows.vocabulary)
        backward.start(input);
    backward.add(logitGradient, m_rows.rows.narrow(0, first, rowsOf(chunk)),
                 gradients.rows.narrow(0, first, rowsOf(chunk)));
    backward.inputGradient(input);
}

void HeadUnit::endGradient(const Part& part, const HeadGradients& gradients) const {
    const at::Tensor input = gradients.input.narrow(0, part.first, part.count);
    m_norm.backward(input, part.rows, part.statistics, {}, input, gradients.unit);
}

double HeadUnit::loss(const at::Tensor& input, std::span<const int64_t> targets) const {
    std::vector<TokenSum> sums(targets.size());
    addSums(input, targets, sums);
    return loss(targets, sums);
}

double HeadUnit::loss(std::span<const int64_t> targets, std::span<const TokenSum> sums) {
    std::vector<double> losses(targets.size());
    tokenLosses(targets, sums, losses);
    return std::accumulate(losses.begin(), losses.end(), 0.0);
}

double HeadUnit::lossAndGradients(const at::Tensor& input, std::span<const int64_t> targets,
                                  const HeadGradients& gradients) const {
    std::vector<TokenSum> sums(targets.size());
    const int64_t tokens = std::min(input.size(0), m_chunks.tokens);
    // One buffer for all chunks of tokens, in it one chunk of the vocabulary after the other.
    const at::Tensor buffer = at::empty({tokens * m_rows.vocabulary}, input.options());
    std::vector<LogitChunk> chunks(static_cast<size_t>(chunkCount()));
    forEachPart(input, targets, [&](const Part& part) {
        const auto ofPart = std::span(sums).subspan(size_t(part.first), size_t(part.count));
        for (int64_t chunk = 0; chunk < chunkCount(); ++chunk) {
            const int64_t before = part.count * chunk * m_chunks.rows;
            chunks[size_t(chunk)] = logits(part, chunk, buffer.narrow(0, before, buffer.size(0) - before));
            addTokenSums(chunks[size_t(chunk)], part.targets, ofPart);
        }
        for (int64_t chunk = chunkCount() - 1; chunk >= 0; --chunk) {
            turnIntoGradient(chunks[size_t(chunk)], part.targets, ofPart, float(gradients.scale));
            addGradient(part, chunk, chunks[size_t(chunk)].logits, gradients);
        }
        endGradient(part, gradients);
    });
    return loss(targets, sums);
}

void HeadUnit::addSums(const at::Tensor& input, std::span<const int64_t> targets, std::span<TokenSum> sums) const {
    const at::Tensor buffer = at::empty({std::min(input.size(0), m_chunks.tokens) * rowsOf(0)}, input.options());
    forEachPart(input, targets, [&](const Part& part) {
        for (int64_t chunk = 0; chunk < chunkCount(); ++chunk)
            addTokenSums(logits(part, chunk, buffer), part.targets,
                         sums.subspan(size_t(part.first), size_t(part.count)));
    });
}

void HeadUnit::addGradients(const at::Tensor& input, std::span<const int64_t> targets, std::span<const TokenSum> sums,
                            const HeadGradients& gradients) const {
    const at::Tensor buffer = at::empty({std::min(input.size(0), m_chunks.tokens) * rowsOf(0)}, input.options());
    forEachPart(input, targets, [&](const Part& part) {
        const auto ofPart = sums.subspan(size_t(part.first), size_t(part.count));
        for (int64_t chunk = chunkCount() - 1; chunk >= 0; --chunk) {
            const LogitChunk gradient = logits(part, chunk, buffer);
            turnIntoGradient(gradient, part.targets, ofPart, float(gradients.scale));
            addGradient(part, chunk, gradient.logits, gradients);
        }
        if (m_rows.first == 0)
            endGradient(part, gradients);
    });
}

}  // namespace gsst
