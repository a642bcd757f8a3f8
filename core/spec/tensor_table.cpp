// SPDX-License-Identifier: GPL-3.0-or-later
#include "spec/tensor_table.h"

#include "base/round_up.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace gsst {

namespace {

constexpr double kInitStd = 0.02;  // GPT-2's; Llama-like models use it as well

/// One tensor of a unit before it has a place.
struct Sketch {
    TensorRole role{};
    std::string name;  ///< inside the unit
    std::vector<int64_t> shape;

    int64_t elements() const {
        int64_t product = 1;
        for (const int64_t extent : shape)
            product *= extent;
        return product;
    }
};

std::vector<Sketch> normSketches(const ModelSpec& model) {
    std::vector<Sketch> sketches{{TensorRole::NormWeight, "norm.weight", {model.width}}};
    if (model.architecture().norm == NormKind::LayerNorm)
        sketches.push_back({TensorRole::NormBias, "norm.bias", {model.width}});
    return sketches;
}

std::vector<Sketch> embeddingSketches(const ModelSpec& model) {
    std::vector<Sketch> sketches{{TensorRole::TokenEmbedding, "tokens.weight", {model.vocabulary, model.width}}};
    if (model.architecture().positions == Positions::Learned)
        sketches.push_back({TensorRole::PositionEmbedding, "positions.weight", {model.context, model.width}});
    return sketches;
}

std::vector<Sketch> attentionSketches(const ModelSpec& model) {
    const Architecture& traits = model.architecture();
    const int64_t d = model.width, query = model.queryWidth(), key = model.keyWidth();
    std::vector<Sketch> sketches = normSketches(model);
    if (traits.qkv == QkvLayout::Fused) {
        sketches.push_back({TensorRole::Qkv, "qkv.weight", {query + 2 * key, d}});
        if (traits.biases == Biases::All)
            sketches.push_back({TensorRole::QkvBias, "qkv.bias", {query + 2 * key}});
    } else {
        sketches.push_back({TensorRole::Query, "query.weight", {query, d}});
        sketches.push_back({TensorRole::Key, "key.weight", {key, d}});
        sketches.push_back({TensorRole::Value, "value.weight", {key, d}});
    }
    if (traits.queryKeyNorm == QueryKeyNorm::PerHead) {
        sketches.push_back({TensorRole::QueryNorm, "query_norm.weight", {model.headSize()}});
        sketches.push_back({TensorRole::KeyNorm, "key_norm.weight", {model.headSize()}});
    }
    sketches.push_back({TensorRole::AttentionOut, "out.weight", {d, query}});
    if (traits.biases == Biases::All)
        sketches.push_back({TensorRole::AttentionOutBias, "out.bias", {d}});
    return sketches;
}

std::vector<Sketch> mlpSketches(const ModelSpec& model) {
    const Architecture& traits = model.architecture();
    const int64_t d = model.width, f = model.ffnWidth;
    std::vector<Sketch> sketches = normSketches(model);
    if (traits.mlp == MlpKind::SwiGlu)
        sketches.push_back({TensorRole::Gate, "gate.weight", {f, d}});
    sketches.push_back({TensorRole::Up, "up.weight", {f, d}});
    if (traits.biases == Biases::All)
        sketches.push_back({TensorRole::UpBias, "up.bias", {f}});
    sketches.push_back({TensorRole::Down, "down.weight", {d, f}});
    if (traits.biases == Biases::All)
        sketches.push_back({TensorRole::DownBias, "down.bias", {d}});
    return sketches;
}

std::vector<Sketch> headSketches(const ModelSpec& model) {
    std::vector<Sketch> sketches = normSketches(model);
    if (!model.tiedHead)
        sketches.push_back({TensorRole::HeadWeight, "weight", {model.vocabulary, model.width}});
    return sketches;
}

std::vector<Sketch> sketchesOf(const ModelSpec& model, UnitKind kind) {
    switch (kind) {
    case UnitKind::Embedding:
        return embeddingSketches(model);
    case UnitKind::Attention:
        return attentionSketches(model);
    case UnitKind::Mlp:
        return mlpSketches(model);
    case UnitKind::Head:
        return headSketches(model);
    }
    return {};
}

std::string prefixOf(UnitKind kind, int layer) {
    switch (kind) {
    case UnitKind::Embedding:
        return "embedding.";
    case UnitKind::Attention:
        return "layers." + std::to_string(layer) + ".attention.";
    case UnitKind::Mlp:
        return "layers." + std::to_string(layer) + ".mlp.";
    case UnitKind::Head:
        return "head.";
    }
    return {};
}

bool isNormWeight(TensorRole role) {
    return role == TensorRole::NormWeight || role == TensorRole::QueryNorm || role == TensorRole::KeyNorm;
}

/// Matrices decay and start random, vectors do not. Projections that end on the residual stream start smaller, so that
/// its variance does not grow with the depth (GPT-2).
void setTreatment(TensorInfo& tensor, const ModelSpec& model) {
    if (tensor.shape.size() < 2) {
        tensor.init = isNormWeight(tensor.role) ? InitKind::Ones : InitKind::Zeros;
        return;
    }
    const bool endsOnResidual = tensor.role == TensorRole::AttentionOut || tensor.role == TensorRole::Down;
    tensor.decay = true;
    tensor.init = InitKind::Normal;
    tensor.initStd = endsOnResidual ? kInitStd / std::sqrt(2.0 * double(model.layers)) : kInitStd;
}

void appendBlocks(std::vector<BlockInfo>& blocks, TensorInfo& tensor, int index) {
    tensor.firstBlock = int(blocks.size());
    for (int64_t first = 0; first < tensor.elements; first += kBlockElements) {
        const int64_t elements = std::min(kBlockElements, tensor.elements - first);
        blocks.push_back({tensor.unit, index, tensor.offset + first, elements, roundUp(elements, kTensorAlignment)});
    }
    tensor.blockCount = int(blocks.size()) - tensor.firstBlock;
}

std::vector<std::pair<UnitKind, int>> unitOrder(const ModelSpec& model) {
    std::vector<std::pair<UnitKind, int>> order{{UnitKind::Embedding, -1}};
    for (int layer = 0; layer < int(model.layers); ++layer) {
        order.emplace_back(UnitKind::Attention, layer);
        order.emplace_back(UnitKind::Mlp, layer);
    }
    order.emplace_back(UnitKind::Head, -1);
    return order;
}

}  // namespace

int64_t parameterCount(const ModelSpec& model) {
    const auto sum = [&model](UnitKind kind) {
        int64_t elements = 0;
        for (const Sketch& sketch : sketchesOf(model, kind))
            elements += sketch.elements();
        return elements;
    };
    return sum(UnitKind::Embedding) + model.layers * (sum(UnitKind::Attention) + sum(UnitKind::Mlp)) +
           sum(UnitKind::Head);
}

TensorTable::TensorTable(const ModelSpec& spec) : m_model(spec) {
    for (const auto& [kind, layer] : unitOrder(spec)) {
        UnitInfo unit{kind, layer, int(m_tensors.size()), 0, int(m_blocks.size()), 0, 0, 0};
        for (Sketch& sketch : sketchesOf(spec, kind)) {
            TensorInfo tensor;
            tensor.name = prefixOf(kind, layer) + sketch.name;
            tensor.role = sketch.role;
            tensor.elements = sketch.elements();
            tensor.shape = std::move(sketch.shape);
            tensor.unit = unitCount();
            tensor.offset = unit.paddedElements;
            setTreatment(tensor, spec);
            appendBlocks(m_blocks, tensor, int(m_tensors.size()));
            unit.elements += tensor.elements;
            unit.paddedElements += roundUp(tensor.elements, kTensorAlignment);
            m_tensors.push_back(std::move(tensor));
        }
        unit.tensorCount = int(m_tensors.size()) - unit.firstTensor;
        unit.blockCount = int(m_blocks.size()) - unit.firstBlock;
        m_parameters += unit.elements;
        m_paddedParameters += unit.paddedElements;
        m_units.push_back(unit);
    }
}

std::span<const TensorInfo> TensorTable::tensorsOf(int unit) const {
    const UnitInfo& info = m_units[size_t(unit)];
    return std::span(m_tensors).subspan(size_t(info.firstTensor), size_t(info.tensorCount));
}

std::span<const BlockInfo> TensorTable::blocksOf(int unit) const {
    const UnitInfo& info = m_units[size_t(unit)];
    return std::span(m_blocks).subspan(size_t(info.firstBlock), size_t(info.blockCount));
}

const TensorInfo* TensorTable::find(int unit, TensorRole role) const {
    for (const TensorInfo& tensor : tensorsOf(unit))
        if (tensor.role == role)
            return &tensor;
    return nullptr;
}

}  // namespace gsst
