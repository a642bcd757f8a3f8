// SPDX-License-Identifier: GPL-3.0-or-later
#include "compute/torch_slice_math.h"

#include "compute/torch_guard.h"
#include "compute/torch_slice_compute.h"
#include "nn/token_loss.h"
#include "spec/describe_unit.h"

#include <ATen/ops/empty_like.h>

#include <algorithm>
#include <string>
#include <utility>

namespace gsst {

TorchSliceMath::TorchSliceMath(const TensorTable& table, std::vector<SliceRange> slices, const TrainSpec& training,
                               CachingPool& pool)
    : m_table(table), m_format(table, training.state, optimizerSpec(training.optimizer), kWholeState),
      m_training(training), m_slices(std::move(slices)), m_pool(pool),
      m_compute(std::make_unique<Compute>(table, training)),
      m_workers(std::make_unique<WorkerPool>(int(std::max<int64_t>(1, training.threads)))) {}

TorchSliceMath::~TorchSliceMath() = default;

Status TorchSliceMath::setBatch(int microBatch, std::vector<int64_t> inputs, std::vector<int64_t> targets,
                                int64_t targetsInStep) {
    const auto invalid = [microBatch](std::string why) {
        return Error{ErrorCode::InvalidInput, "a micro-batch cannot be used",
                     "micro-batch " + std::to_string(countedFromOne(microBatch)), std::move(why),
                     "check that the tokens were made with this run's tokenizer"};
    };
    const auto count = int64_t(inputs.size());
    if (count == 0 || count % m_training.sequenceLength != 0 || count > m_training.tokensPerMicroBatch() ||
        targets.size() != inputs.size() || targetsInStep < 1)
        return invalid("it has " + std::to_string(count) + " tokens and " + std::to_string(targets.size()) +
                       " targets, but the recipe " + std::to_string(m_training.tokensPerMicroBatch()));
    const int64_t vocabulary = m_table.model().vocabulary;
    const auto outside = [vocabulary](int64_t token) { return token < 0 || token >= vocabulary; };
    if (std::any_of(inputs.begin(), inputs.end(), outside))
        return invalid("a token number is not below the vocabulary of " + std::to_string(vocabulary));
    if (std::any_of(targets.begin(), targets.end(),
                    [&](int64_t target) { return target != kIgnoredTarget && outside(target); }))
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
            m_compute->forward(m_compute->weights(call.weights, range, unit), m_compute->kindOf(unit), range, batch,
                               input, output);
            input = output;
        }
        return {};
    });
}

void TorchSliceMath::dropKept() {
    m_compute->kept.clear();
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
            m_compute->forward(m_compute->weights(call.weights, range, range.firstUnit), UnitKind::Embedding, range,
                               batch, {}, input);
        }
        std::vector<Compute::SavedUnit> saved;
        if (call.kept) {
            auto kept = m_compute->kept.extract({call.slice, call.microBatch});
            if (kept.empty())
                return Error{ErrorCode::Internal, "The activations of a forward pass are gone",
                             "slice " + std::to_string(countedFromOne(call.slice)), "its backward pass expected them",
                             "Please report this with the run's log"};
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
            m_compute->embedding(m_compute->weights(call.weights, range, range.firstUnit), range)
                .backward(batch.inputs, gradient, m_compute->gradients(call.gradient, range, range.firstUnit));
        return {};
    });
}

}  // namespace gsst
