// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "compute/slice_tensors.h"
#include "compute/torch_slice_math.h"
#include "nn/attention_unit.h"
#include "nn/embedding_unit.h"
#include "nn/mlp_unit.h"

#include <ATen/ops/empty_like.h>
#include <ATen/ops/from_blob.h>

#include <cstddef>
#include <map>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace gsst {

/// What forward, head and backward share: tensors over raw memory.
struct TorchSliceMath::Compute {
    using SavedUnit = std::variant<std::monostate, AttentionUnit::Saved, MlpUnit::Saved>;

    const TensorTable& table;
    const TrainSpec& training;
    at::ScalarType type;
    Products products;
    std::optional<Rotary> rotary;
    std::map<std::pair<int, int>, std::vector<SavedUnit>> kept;  ///< by slice and micro-batch: what a forward left

    Compute(const TensorTable& theTable, const TrainSpec& theTraining)
        : table(theTable), training(theTraining), type(scalarTypeOf(theTraining.precision)),
          products(productsOf(theTraining)) {
        if (model().architecture().positions == Positions::Rotary)
            rotary.emplace(table.model());
    }

    const ModelSpec& model() const { return table.model(); }
    UnitKind kindOf(int unit) const { return table.units()[size_t(unit)].kind; }

    at::Tensor activation(const void* data, const MicroBatch& batch) const {
        if (!data)
            return {};
        const int64_t sequences = int64_t(batch.inputs.size()) / training.sequenceLength;
        return at::from_blob(const_cast<void*>(data), {sequences, training.sequenceLength, model().width},
                             at::TensorOptions().dtype(type));
    }

    UnitWeights weights(const void* slice, const SliceRange& range, int unit) const {
        return sliceTensors(table, range, unit, slice, type);
    }
    UnitGradients gradients(float* slice, const SliceRange& range, int unit) const {
        return sliceTensors(table, range, unit, slice, at::kFloat);
    }

    EmbeddingUnit embedding(const UnitWeights& unit, const SliceRange& range) const {
        return EmbeddingUnit(unit, rowsOfSlice(table, range).first);
    }

    AttentionUnit attention(const UnitWeights& unit) const {
        return {model(), unit, rotary ? &*rotary : nullptr, products};
    }
    MlpUnit mlp(const UnitWeights& unit) const { return {model(), unit, products}; }

    void forward(const UnitWeights& unit, UnitKind kind, const SliceRange& range, const MicroBatch& batch,
                 const at::Tensor& input, const at::Tensor& output) const {
        if (kind == UnitKind::Embedding)
            embedding(unit, range).forward(batch.inputs, output);
        else if (kind == UnitKind::Attention)
            attention(unit).forward(input, output);
        else
            mlp(unit).forward(input, output);
    }

    /// Computes the units of a slice and keeps what their gradients need; into `output`, which may be undefined. An
    /// embedding is left out.
    std::vector<SavedUnit> save(const void* sliceWeights, const SliceRange& range, at::Tensor input,
                                const at::Tensor& output) const {
        std::vector<SavedUnit> saved;
        const int last = range.firstUnit + range.unitCount - 1;
        for (int unit = range.firstUnit; unit <= last; ++unit) {
            if (kindOf(unit) == UnitKind::Embedding)
                continue;
            const at::Tensor unitOutput = unit < last ? at::empty_like(input) : output;
            saved.push_back(saveUnit(weights(sliceWeights, range, unit), kindOf(unit), input, unitOutput));
            input = unitOutput;
        }
        return saved;
    }

    SavedUnit saveUnit(const UnitWeights& unit, UnitKind kind, const at::Tensor& input,
                       const at::Tensor& output) const {
        if (kind == UnitKind::Attention)
            return attention(unit).save(input, output);
        return mlp(unit).save(input, output);
    }

    void backward(const UnitWeights& unit, SavedUnit saved, const at::Tensor& outputGradient, const UnitGradients& into,
                  const at::Tensor& inputGradient) const {
        if (auto* attentionSaved = std::get_if<AttentionUnit::Saved>(&saved))
            attention(unit).backward(outputGradient, std::move(*attentionSaved), into, inputGradient);
        else
            mlp(unit).backward(outputGradient, std::move(std::get<MlpUnit::Saved>(saved)), into, inputGradient);
    }
};

}  // namespace gsst
