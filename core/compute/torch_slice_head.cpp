// SPDX-License-Identifier: GPL-3.0-or-later
// The part of TorchSliceMath that the head is, whole and in vocabulary slices.
#include "compute/torch_guard.h"
#include "compute/torch_slice_compute.h"
#include "nn/head_unit.h"
#include "spec/cost.h"
#include "spec/vocabulary_chunks.h"

#include <algorithm>
#include <span>

namespace gsst {

static_assert(sizeof(TokenSum) == kTokenSumBytes);

namespace {

HeadChunks chunksOf(const ModelSpec& model, const TrainSpec& training) {
    return {training.headTokenChunk, VocabularyChunks(model, training).rows()};
}

int64_t countedTargets(const std::vector<int64_t>& targets) {
    return std::count_if(targets.begin(), targets.end(), [](int64_t target) { return target != kIgnoredTarget; });
}

/// The matrix of the slice that has rows of it.
const at::Tensor& matrixOf(const UnitTensors& unit) {
    const at::Tensor& table = unit[TensorRole::TokenEmbedding];
    return table.defined() ? table : unit[TensorRole::HeadWeight];
}

}  // namespace

Result<LossSum> TorchSliceMath::head(const HeadCall& call) {
    return guardedTorch(m_pool, "the loss", [&]() -> Result<LossSum> {
        const SliceRange range{m_table.headUnit(), 1}, embedding{0, 1};
        const MicroBatch& batch = m_batches.at(size_t(call.microBatch));
        const ModelSpec& model = m_table.model();
        const UnitWeights weights = m_compute->weights(call.weights, range, range.firstUnit);
        const at::Tensor table = matrixOf(model.tiedHead ? m_compute->weights(call.tiedTable, embedding, 0) : weights);
        const HeadUnit head(model, weights, {table, 0, model.vocabulary}, chunksOf(model, m_training),
                            m_compute->products);
        const at::Tensor input = m_compute->activation(call.input, batch).flatten(0, 1);
        const int64_t counted = countedTargets(batch.targets);
        if (!call.inputGradient)
            return LossSum{head.loss(input, batch.targets), counted};
        HeadGradients gradients;
        gradients.input = m_compute->activation(call.inputGradient, batch).flatten(0, 1);
        gradients.unit = m_compute->gradients(call.gradient, range, range.firstUnit);
        gradients.rows =
            matrixOf(model.tiedHead ? m_compute->gradients(call.tiedGradient, embedding, 0) : gradients.unit);
        gradients.scale = call.lossScale / double(batch.targetsInStep);
        return LossSum{head.lossAndGradients(input, batch.targets, gradients), counted};
    });
}

/// A vocabulary slice with what it works on.
struct TorchSliceMath::HeadSlice {
    RowRange rows;
    HeadUnit unit;
    at::Tensor input;
    const MicroBatch& batch;
    std::span<TokenSum> sums;
};

TorchSliceMath::HeadSlice TorchSliceMath::headSliceOf(const HeadSliceCall& call) const {
    const SliceRange& range = m_slices[size_t(call.slice)];
    const MicroBatch& batch = m_batches.at(size_t(call.microBatch));
    const ModelSpec& model = m_table.model();
    const RowRange rows = rowsOfSlice(m_table, range);
    const UnitWeights norm = m_compute->weights(call.norm, {m_table.headUnit(), 1}, m_table.headUnit());
    const at::Tensor matrix = matrixOf(m_compute->weights(call.rows, range, range.firstUnit));
    return {
        rows,
        HeadUnit(model, norm, {matrix, rows.first, model.vocabulary}, chunksOf(model, m_training), m_compute->products),
        m_compute->activation(call.input, batch).flatten(0, 1),
        batch,
        {static_cast<TokenSum*>(call.sums), batch.targets.size()}};
}

Result<LossSum> TorchSliceMath::headSums(const HeadSliceCall& call) {
    return guardedTorch(m_pool, "the loss", [&]() -> Result<LossSum> {
        const HeadSlice slice = headSliceOf(call);
        slice.unit.addSums(slice.input, slice.batch.targets, slice.sums);
        if (slice.rows.end() < m_table.model().vocabulary)
            return LossSum{};
        return LossSum{HeadUnit::loss(slice.batch.targets, slice.sums), countedTargets(slice.batch.targets)};
    });
}

Status TorchSliceMath::headSlice(const HeadSliceCall& call) {
    return guardedTorch(m_pool, "the gradient of the loss", [&]() -> Status {
        const HeadSlice slice = headSliceOf(call);
        HeadGradients gradients;
        gradients.input = m_compute->activation(call.inputGradient, slice.batch).flatten(0, 1);
        if (call.normGradient)
            gradients.unit = m_compute->gradients(call.normGradient, {m_table.headUnit(), 1}, m_table.headUnit());
        const SliceRange& range = m_slices[size_t(call.slice)];
        gradients.rows = matrixOf(m_compute->gradients(call.rowsGradient, range, range.firstUnit));
        gradients.scale = call.lossScale / double(slice.batch.targetsInStep);
        slice.unit.addGradients(slice.input, slice.batch.targets, slice.sums, gradients);
        return {};
    });
}

}  // namespace gsst
