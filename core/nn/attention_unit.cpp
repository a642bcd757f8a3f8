// SPDX-License-Identifier: GPL-3.0-or-later
#include "nn/attention_unit.h"

#include "nn/causal_attention.h"
#include "nn/linear.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <array>
#include <tuple>

namespace gsst {

namespace {

at::Tensor rowsOf(const at::Tensor& activations) {
    return activations.view({-1, activations.size(-1)});
}

/// [batch, tokens, heads, headSize] as [batch * tokens, heads * headSize].
at::Tensor rowsOfHeads(const at::Tensor& heads) {
    return heads.reshape({heads.size(0) * heads.size(1), -1});
}

/// The parts of a fused matrix or bias [3 d, ...] or the separate ones, as query, key, value.
std::array<at::Tensor, 3> partsOf(const UnitTensors& tensors, TensorRole fused, std::array<TensorRole, 3> separate) {
    if (!tensors[fused].defined())
        return {tensors[separate[0]], tensors[separate[1]], tensors[separate[2]]};
    const auto parts = tensors[fused].chunk(3, 0);
    return {parts[0], parts[1], parts[2]};
}

std::array<at::Tensor, 3> matricesOf(const UnitTensors& tensors) {
    return partsOf(tensors, TensorRole::Qkv, {TensorRole::Query, TensorRole::Key, TensorRole::Value});
}

/// [batch, tokens, heads, headSize] as one row a head.
at::Tensor headRowsOf(const at::Tensor& heads) {
    return heads.view({-1, heads.size(-1)});
}

void normHeads(const Norm& norm, const at::Tensor& heads, const at::Tensor& out) {
    const at::Tensor rows = headRowsOf(heads);
    norm.apply(rows, norm.statistics(rows), headRowsOf(out));
}

}  // namespace

AttentionUnit::AttentionUnit(const ModelSpec& model, const UnitWeights& weights, const Rotary* rotary,
                             Products products)
    : m_model(model), m_weights(weights), m_norm(model, weights), m_rotary(rotary), m_products(products) {
    TORCH_INTERNAL_ASSERT((model.architecture().positions == Positions::Rotary) == (rotary != nullptr));
    if (model.architecture().queryKeyNorm == QueryKeyNorm::PerHead) {
        m_queryNorm.emplace(model, weights, TensorRole::QueryNorm);
        m_keyNorm.emplace(model, weights, TensorRole::KeyNorm);
    }
}

AttentionUnit::Saved AttentionUnit::project(const at::Tensor& input) const {
    const int64_t batch = input.size(0), tokens = input.size(1), headSize = m_model.headSize();
    Saved saved;
    saved.input = rowsOf(input);
    saved.statistics = m_norm.statistics(saved.input);
    const at::Tensor normed = at::empty_like(saved.input);
    m_norm.apply(saved.input, saved.statistics, normed);
    const at::Tensor shared = factor(normed, m_products);
    if (m_model.architecture().qkv == QkvLayout::Fused) {
        const at::Tensor fused = linear(shared, m_weights[TensorRole::Qkv], m_weights[TensorRole::QkvBias], m_products);
        const auto parts = fused.view({batch, tokens, 3, m_model.heads, headSize}).unbind(2);
        saved.query = parts[0];
        saved.key = parts[1];
        saved.value = parts[2];
        return saved;
    }
    const auto heads = [&](TensorRole role, int64_t count) {
        return linear(shared, m_weights[role], {}, m_products).view({batch, tokens, count, headSize});
    };
    saved.query = heads(TensorRole::Query, m_model.heads);
    saved.key = heads(TensorRole::Key, m_model.kvHeads);
    saved.value = heads(TensorRole::Value, m_model.kvHeads);
    return saved;
}

void AttentionUnit::rotate(const Scored& heads, int64_t firstPosition) const {
    if (!m_rotary)
        return;
    m_rotary->rotate(heads.query, firstPosition);
    m_rotary->rotate(heads.key, firstPosition);
}

AttentionUnit::Scored AttentionUnit::scoredInPlace(const Saved& projected, int64_t firstPosition) const {
    if (m_queryNorm) {
        normHeads(*m_queryNorm, projected.query, projected.query);
        normHeads(*m_keyNorm, projected.key, projected.key);
    }
    const Scored heads{projected.query, projected.key};
    rotate(heads, firstPosition);
    return heads;
}

AttentionUnit::Scored AttentionUnit::scored(const Saved& saved) const {
    if (!m_queryNorm)
        return {saved.query, saved.key};
    const Scored heads{at::empty_like(saved.query), at::empty_like(saved.key)};
    normHeads(*m_queryNorm, saved.query, heads.query);
    normHeads(*m_keyNorm, saved.key, heads.key);
    rotate(heads, 0);
    return heads;
}

void AttentionUnit::attend(Saved& saved, const Scored& heads) const {
    Attended attended = gsst::attend(heads.query.transpose(1, 2), heads.key.transpose(1, 2),
                                     saved.value.transpose(1, 2), {true, m_model.window}, m_products);
    saved.attended = std::move(attended.values);
    saved.logSumExp = std::move(attended.logSumExp);
}

void AttentionUnit::finish(const at::Tensor& input, const at::Tensor& attended, const at::Tensor& output) const {
    addLinear({rowsOf(input), rowsOfHeads(attended.transpose(1, 2)), m_weights[TensorRole::AttentionOut],
               m_weights[TensorRole::AttentionOutBias]},
              rowsOf(output), m_products);
}

void AttentionUnit::forward(const at::Tensor& input, const at::Tensor& output) const {
    Saved saved = project(input);
    attend(saved, scoredInPlace(saved, 0));
    finish(input, saved.attended, output);
}

AttentionUnit::Saved AttentionUnit::save(const at::Tensor& input, const at::Tensor& output) const {
    Saved saved = project(input);
    attend(saved, m_queryNorm ? scored(saved) : scoredInPlace(saved, 0));
    if (output.defined())
        finish(input, saved.attended, output);
    return saved;
}

at::Tensor AttentionUnit::projectionBackward(const Saved& saved, const at::Tensor& dQuery, const at::Tensor& dKey,
                                             const at::Tensor& dValue, const UnitGradients& gradients) const {
    at::Tensor normed = at::empty_like(saved.input);
    m_norm.apply(saved.input, saved.statistics, normed);
    const std::array<at::Tensor, 3> parts{rowsOfHeads(dQuery), rowsOfHeads(dKey), rowsOfHeads(dValue)};
    const auto matrices = matricesOf(m_weights), matrixGradients = matricesOf(gradients);
    LinearBackward backward(normed, m_products);
    for (size_t i = 0; i < parts.size(); ++i)
        backward.add(parts[i], matrices[i], matrixGradients[i]);
    if (gradients[TensorRole::QkvBias].defined()) {
        const auto biasGradients = gradients[TensorRole::QkvBias].chunk(3, 0);
        for (size_t i = 0; i < parts.size(); ++i)
            addBiasGradient(biasGradients[i], parts[i]);
    }
    backward.inputGradient(normed);
    return normed;
}

void AttentionUnit::headNormBackward(const Saved& saved, const Scored& headGradients,
                                     const UnitGradients& gradients) const {
    const auto back = [&gradients](const Norm& norm, const at::Tensor& heads, const at::Tensor& gradient) {
        const at::Tensor rows = headRowsOf(heads), gradientRows = headRowsOf(gradient);
        norm.backward(gradientRows, rows, norm.statistics(rows), {}, gradientRows, gradients);
    };
    back(*m_queryNorm, saved.query, headGradients.query);
    back(*m_keyNorm, saved.key, headGradients.key);
}

void AttentionUnit::backward(const at::Tensor& outputGradient, Saved saved, const UnitGradients& gradients,
                             const at::Tensor& inputGradient) const {
    const at::Tensor dOutput = rowsOf(outputGradient);
    addWeightGradient(gradients[TensorRole::AttentionOut], dOutput, rowsOfHeads(saved.attended.transpose(1, 2)),
                      m_products);
    if (gradients[TensorRole::AttentionOutBias].defined())
        addBiasGradient(gradients[TensorRole::AttentionOutBias], dOutput);

    at::Tensor dAttended = at::empty(saved.query.sizes(), dOutput.options());
    gsst::inputGradient(dOutput, m_weights[TensorRole::AttentionOut], rowsOfHeads(dAttended), m_products);
    Scored heads = scored(saved);
    auto [dQuery, dKey, dValue] =
        attendBackward(dAttended.transpose(1, 2), heads.query.transpose(1, 2), heads.key.transpose(1, 2),
                       saved.value.transpose(1, 2), {saved.attended, saved.logSumExp}, m_model.window, m_products);
    dAttended.reset();
    heads = {};
    saved.value.reset();
    saved.attended.reset();
    saved.logSumExp.reset();
    dQuery = dQuery.transpose(1, 2);
    dKey = dKey.transpose(1, 2);
    dValue = dValue.transpose(1, 2);
    if (m_rotary) {
        m_rotary->rotateBack(dQuery);
        m_rotary->rotateBack(dKey);
    }
    if (m_queryNorm)
        headNormBackward(saved, {dQuery, dKey}, gradients);
    saved.query.reset();
    saved.key.reset();
    const at::Tensor dNormed = projectionBackward(saved, dQuery, dKey, dValue, gradients);
    m_norm.backward(dNormed, saved.input, saved.statistics, dOutput, rowsOf(inputGradient), gradients);
}

void AttentionUnit::append(const at::Tensor& x, int64_t firstPosition, KeyValueCache& cache) const {
    const int64_t count = x.size(1);
    TORCH_INTERNAL_ASSERT(x.size(0) == 1 && (firstPosition == 0 || count == 1) &&
                          firstPosition + count <= cache.keys.size(1));
    const Saved saved = project(x);
    const Scored heads = scoredInPlace(saved, firstPosition);
    cache.keys.narrow(1, firstPosition, count).copy_(heads.key);
    cache.values.narrow(1, firstPosition, count).copy_(saved.value);
    const bool isPrompt = firstPosition == 0;
    // A token that is alone sees all keys that it is given.
    const int64_t end = firstPosition + count;
    const int64_t first = isPrompt || m_model.window == 0 ? 0 : std::max<int64_t>(0, end - m_model.window);
    const Attended attended = gsst::attend(
        heads.query.transpose(1, 2), cache.keys.narrow(1, first, end - first).transpose(1, 2),
        cache.values.narrow(1, first, end - first).transpose(1, 2), {isPrompt, m_model.window}, m_products);
    finish(x, attended.values, x);
}

}  // namespace gsst
