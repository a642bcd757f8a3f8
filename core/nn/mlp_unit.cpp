// SPDX-License-Identifier: GPL-3.0-or-later
#include "nn/mlp_unit.h"

#include "nn/linear.h"
#include "nn/swiglu.h"

#include <ATen/ops/empty_like.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/gelu_backward.h>

namespace gsst {

namespace {

at::Tensor rowsOf(const at::Tensor& activations) {
    return activations.view({-1, activations.size(-1)});
}

}  // namespace

MlpUnit::MlpUnit(const ModelSpec& model, const UnitWeights& weights, Products products)
    : m_gated(model.architecture().mlp == MlpKind::SwiGlu), m_weights(weights), m_norm(model, weights),
      m_products(products) {}

MlpUnit::Saved MlpUnit::project(const at::Tensor& input) const {
    Saved saved;
    saved.input = rowsOf(input);
    saved.statistics = m_norm.statistics(saved.input);
    const at::Tensor normed = at::empty_like(saved.input);
    m_norm.apply(saved.input, saved.statistics, normed);
    const at::Tensor shared = factor(normed, m_products);
    if (m_gated)
        saved.gate = linear(shared, m_weights[TensorRole::Gate], {}, m_products);
    saved.up = linear(shared, m_weights[TensorRole::Up], m_weights[TensorRole::UpBias], m_products);
    return saved;
}

void MlpUnit::activate(const Saved& saved, const at::Tensor& out) const {
    at::Tensor hidden = out;
    if (m_gated)
        swiglu(saved.gate, saved.up, hidden);
    else
        at::gelu_out(hidden, saved.up, "tanh");
}

void MlpUnit::finish(const at::Tensor& input, const at::Tensor& hidden, const at::Tensor& output) const {
    addLinear({rowsOf(input), hidden, m_weights[TensorRole::Down], m_weights[TensorRole::DownBias]}, rowsOf(output),
              m_products);
}

void MlpUnit::forward(const at::Tensor& input, const at::Tensor& output) const {
    const Saved saved = project(input);
    activate(saved, saved.up);
    finish(input, saved.up, output);
}

MlpUnit::Saved MlpUnit::save(const at::Tensor& input, const at::Tensor& output) const {
    Saved saved = project(input);
    if (output.defined()) {
        const at::Tensor hidden = at::empty_like(saved.up);
        activate(saved, hidden);
        finish(input, hidden, output);
    }
    return saved;
}

at::Tensor MlpUnit::projectionBackward(const Saved& saved, const UnitGradients& gradients) const {
    at::Tensor normed = at::empty_like(saved.input);
    m_norm.apply(saved.input, saved.statistics, normed);
    LinearBackward backward(normed, m_products);
    backward.add(saved.up, m_weights[TensorRole::Up], gradients[TensorRole::Up]);
    if (gradients[TensorRole::UpBias].defined())
        addBiasGradient(gradients[TensorRole::UpBias], saved.up);
    if (m_gated)
        backward.add(saved.gate, m_weights[TensorRole::Gate], gradients[TensorRole::Gate]);
    backward.inputGradient(normed);
    return normed;
}

void MlpUnit::backward(const at::Tensor& outputGradient, Saved saved, const UnitGradients& gradients,
                       const at::Tensor& inputGradient) const {
    const at::Tensor dOutput = rowsOf(outputGradient);
    at::Tensor hidden = at::empty_like(saved.up);
    activate(saved, hidden);
    addWeightGradient(gradients[TensorRole::Down], dOutput, hidden, m_products);
    if (gradients[TensorRole::DownBias].defined())
        addBiasGradient(gradients[TensorRole::DownBias], dOutput);

    gsst::inputGradient(dOutput, m_weights[TensorRole::Down], hidden, m_products);
    if (m_gated)
        swigluBackward(saved.gate, saved.up, hidden);
    else
        at::gelu_backward_out(saved.up, hidden, saved.up, "tanh");
    hidden.reset();
    const at::Tensor dNormed = projectionBackward(saved, gradients);
    m_norm.backward(dNormed, saved.input, saved.statistics, dOutput, rowsOf(inputGradient), gradients);
}

}  // namespace gsst
