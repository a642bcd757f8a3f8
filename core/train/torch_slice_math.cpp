// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/torch_slice_math.h"

#include "nn/attention_unit.h"
#include "nn/embedding_unit.h"
#include "nn/head_unit.h"
#include "nn/mlp_unit.h"
#include "nn/token_loss.h"
#include "train/torch_guard.h"

#include <ATen/ops/empty_like.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace gsst {

/// What forward, head and backward share: tensors over raw memory.
struct TorchSliceMath::Compute {
    using SavedUnit = std::variant<std::monostate, AttentionUnit::Saved, MlpUnit::Saved>;

    const TensorTable& table;
    const TrainSpec& training;
    at::ScalarType type;
    std::optional<Rotary> rotary;
    std::map<std::pair<int, int>, std::vector<SavedUnit>> kept;  ///< by slice and micro-batch: what a forward left

    Compute(const TensorTable& theTable, const TrainSpec& theTraining)
        : table(theTable), training(theTraining), type(scalarTypeOf(theTraining.precision)) {
        if (table.model().family == Family::Llama)
            rotary.emplace(table.model());
    }

    const ModelSpec& model() const { return table.model(); }
    UnitKind kindOf(int unit) const { return table.units()[size_t(unit)].kind; }

    at::Tensor activation(const void* data, const MicroBatch& batch) const {
        if (!data)
            return {};
        const int64_t sequences = int64_t(batch.inputs.size()) / training.sequenceLength;
        return at::from_blob(const_cast<void*>(data), {sequences, training.sequenceLength, model().width}, at::TensorOptions().dtype(type));
    }

    UnitWeights weights(const void* slice, const SliceRange& range, int unit) const {
        const auto offset = size_t(elementsBefore(table, range, unit)) * c10::elementSize(type);
        return {table, unit, static_cast<const std::byte*>(slice) + offset, type};
    }

    UnitGradients gradients(float* slice, const SliceRange& range, int unit) const {
        return {table, unit, slice + elementsBefore(table, range, unit), at::kFloat};
    }

    AttentionUnit attention(const UnitWeights& unit) const { return {model(), unit, rotary ? &*rotary : nullptr}; }
    MlpUnit mlp(const UnitWeights& unit) const { return {model(), unit}; }

    void forward(const UnitWeights& unit, UnitKind kind, const MicroBatch& batch, const at::Tensor& input, const at::Tensor& output) const {
        if (kind == UnitKind::Embedding)
            EmbeddingUnit(unit).forward(batch.inputs, output);
        else if (kind == UnitKind::Attention)
            attention(unit).forward(input, output);
        else
            mlp(unit).forward(input, output);
    }

    /// Computes the units of a slice and keeps what their gradients need; into `output`, which may be undefined. An embedding is left out.
    std::vector<SavedUnit> save(const void* sliceWeights, const SliceRange& range, at::Tensor input, const at::Tensor& output) const {
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

    SavedUnit saveUnit(const UnitWeights& unit, UnitKind kind, const at::Tensor& input, const at::Tensor& output) const {
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

TorchSliceMath::TorchSliceMath(const TensorTable& table, std::vector<SliceRange> slices, const TrainSpec& training, CpuPool& pool)
    : m_table(table), m_format(table, training.state), m_training(training), m_slices(std::move(slices)), m_pool(pool),
      m_compute(std::make_unique<Compute>(table, training)),
      m_workers(std::make_unique<WorkerPool>(int(std::max<int64_t>(1, training.threads)))) {}

TorchSliceMath::~TorchSliceMath() = default;

Status TorchSliceMath::setBatch(int microBatch, std::vector<int64_t> inputs, std::vector<int64_t> targets, int64_t targetsInStep) {
    const auto invalid = [microBatch](std::string why) {
        return Error{ErrorCode::InvalidInput, "a micro-batch cannot be used", "micro-batch " + std::to_string(microBatch), std::move(why),
                     "check that the tokens were made with this run's tokenizer"};
    };
    const auto count = int64_t(inputs.size());
    if (count == 0 || count % m_training.sequenceLength != 0 || count > m_training.tokensPerMicroBatch() ||
        targets.size() != inputs.size() || targetsInStep < 1)
        return invalid("it has " + std::to_string(count) + " tokens and " + std::to_string(targets.size()) + " targets, but the recipe " +
                       std::to_string(m_training.tokensPerMicroBatch()));
    const int64_t vocabulary = m_table.model().vocabulary;
    const auto outside = [vocabulary](int64_t token) { return token < 0 || token >= vocabulary; };
    if (std::any_of(inputs.begin(), inputs.end(), outside))
        return invalid("a token number is not below the vocabulary of " + std::to_string(vocabulary));
    if (std::any_of(targets.begin(), targets.end(), [&](int64_t target) { return target != kIgnoredTarget && outside(target); }))
        return invalid("a target is not below the vocabulary of " + std::to_string(vocabulary));
    if (size_t(microBatch) >= m_batches.size())
        m_batches.resize(size_t(microBatch) + 1);
    m_batches[size_t(microBatch)] = {std::move(inputs), std::move(targets), targetsInStep};
    return {};
}

Status TorchSliceMath::forward(const ForwardCall& call) {
    return guardedTorch(m_pool, "the forward pass", [&]() -> Status {
        const SliceRange& range = m_slices[size_t(call.slice)];
        const MicroBatch& batch = m_batches.at(size_t(call.microBatch));
        const at::Tensor output = m_compute->activation(call.output, batch);
        at::Tensor input = m_compute->activation(call.input, batch);
        if (call.keep) {
            m_compute->kept[{call.slice, call.microBatch}] = m_compute->save(call.weights, range, input, output);
            return {};
        }
        // Every unit after the first works in place on the output.
        for (int unit = range.firstUnit; unit < range.firstUnit + range.unitCount; ++unit) {
            m_compute->forward(m_compute->weights(call.weights, range, unit), m_compute->kindOf(unit), batch, input, output);
            input = output;
        }
        return {};
    });
}

void TorchSliceMath::dropKept() { m_compute->kept.clear(); }

Result<LossSum> TorchSliceMath::head(const HeadCall& call) {
    return guardedTorch(m_pool, "the loss", [&]() -> Result<LossSum> {
        const int unit = m_table.headUnit();
        const SliceRange range{unit, 1};
        const MicroBatch& batch = m_batches.at(size_t(call.microBatch));
        const bool tied = m_table.model().tiedHead;
        const at::ScalarType type = m_compute->type;
        const UnitWeights weights = m_compute->weights(call.weights, range, unit);
        const at::Tensor table = tied ? UnitWeights(m_table, 0, call.tiedTable, type)[TensorRole::TokenEmbedding] : weights[TensorRole::HeadWeight];
        const HeadUnit head(m_table.model(), weights, table, m_training.headTokenChunk);
        const at::Tensor input = m_compute->activation(call.input, batch).flatten(0, 1);

        LossSum sum;
        sum.tokens = std::count_if(batch.targets.begin(), batch.targets.end(), [](int64_t target) { return target != kIgnoredTarget; });
        if (!call.inputGradient) {
            sum.nats = head.loss(input, batch.targets);
            return sum;
        }
        HeadGradients gradients;
        gradients.input = m_compute->activation(call.inputGradient, batch).flatten(0, 1);
        gradients.unit = m_compute->gradients(call.gradient, range, unit);
        gradients.table = tied ? UnitGradients(m_table, 0, call.tiedGradient, at::kFloat)[TensorRole::TokenEmbedding]
                               : gradients.unit[TensorRole::HeadWeight];
        gradients.scale = call.lossScale / double(batch.targetsInStep);
        sum.nats = head.lossAndGradients(input, batch.targets, gradients);
        return sum;
    });
}

Status TorchSliceMath::backward(const BackwardCall& call) {
    return guardedTorch(m_pool, "the backward pass", [&]() -> Status {
        const SliceRange& range = m_slices[size_t(call.slice)];
        const MicroBatch& batch = m_batches.at(size_t(call.microBatch));
        const int last = range.firstUnit + range.unitCount - 1;
        const bool embeds = m_compute->kindOf(range.firstUnit) == UnitKind::Embedding;
        const int firstBlockUnit = embeds ? range.firstUnit + 1 : range.firstUnit;
        at::Tensor gradient = m_compute->activation(call.outputGradient, batch);

        at::Tensor input = m_compute->activation(call.input, batch);
        if (embeds && range.unitCount > 1) {
            input = at::empty_like(gradient);
            m_compute->forward(m_compute->weights(call.weights, range, range.firstUnit), UnitKind::Embedding, batch, {}, input);
        }
        std::vector<Compute::SavedUnit> saved;
        if (call.kept) {
            auto kept = m_compute->kept.extract({call.slice, call.microBatch});
            if (kept.empty())
                return Error{ErrorCode::Internal, "The activations of a forward pass are gone", "slice " + std::to_string(call.slice),
                             "its backward pass expected them", "Please report this with the run's log"};
            saved = std::move(kept.mapped());
        } else {
            saved = m_compute->save(call.weights, range, input, {});  // the last output is not needed for any gradient
        }
        if (!saved.empty()) {
            at::Tensor inputGradient = m_compute->activation(call.inputGradient, batch);
            if (!inputGradient.defined())
                inputGradient = at::empty_like(gradient);
            for (int unit = last; unit >= firstBlockUnit; --unit) {
                Compute::SavedUnit unitSaved = std::move(saved.back());
                saved.pop_back();
                m_compute->backward(m_compute->weights(call.weights, range, unit), std::move(unitSaved), gradient,
                                    m_compute->gradients(call.gradient, range, unit), inputGradient);
                gradient = inputGradient;
            }
        }
        if (embeds)
            EmbeddingUnit(m_compute->weights(call.weights, range, range.firstUnit))
                .backward(batch.inputs, gradient, m_compute->gradients(call.gradient, range, range.firstUnit));
        return {};
    });
}

}  // namespace gsst
