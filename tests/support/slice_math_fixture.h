// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "compute/torch_slice_math.h"
#include "device/host_pool.h"
#include "nn/unit_tensors.h"
#include "spec/cost.h"
#include "tests/support/models.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <random>
#include <vector>

namespace gsst {

inline ModelSpec tinyGpt2() {
    return test::modelOf(Family::Gpt2,
                         {.layers = 3, .width = 48, .heads = 4, .ffnWidth = 160, .vocabulary = 211, .context = 40});
}

inline ModelSpec tinyLlama() {
    ModelSpec model = tinyGpt2();
    model.family = Family::Llama;
    model.kvHeads = 2;
    model.ffnWidth = 136;
    model.tiedHead = false;
    return model;
}

/// Heads whose queries together are wider than the model.
inline ModelSpec tinyQwen3() {
    ModelSpec model = tinyLlama();
    model.family = Family::Qwen3;
    model.tiedHead = true;
    model.ownHeadSize = 20;
    model.normEpsilon = 1e-6;
    model.ropeTheta = 1e6;
    return model;
}

inline ModelSpec withWindow(ModelSpec model, int64_t window) {
    model.window = window;
    return model;
}

inline TrainSpec tinyTraining(Precision precision, ProductChoice products = ProductChoice::Auto) {
    TrainSpec training;
    training.sequenceLength = 33;
    training.microBatch = 2;
    training.sequencesPerStep = 6;
    training.headTokenChunk = 20;
    training.precision = precision;
    training.products = products;
    return training;
}

/// A model whose weights, gradients and activations lie in plain memory, driven through a TorchSliceMath as the engine
/// would.
class DrivenModel {
public:
    using Slices = std::vector<SliceRange>;

    DrivenModel(const ModelSpec& model, const TrainSpec& training, int64_t poolLimit = 0)
        : table(model), spec(training), pool(poolLimit), master(at::zeros({table.paddedParameters()})),
          gradient(at::zeros({table.paddedParameters()})) {
        std::mt19937 engine(11);
        std::normal_distribution<float> normal;
        for (const TensorInfo& tensor : table.tensors()) {
            float* values = master.data_ptr<float>() + elementsBeforeUnit(tensor.unit) + tensor.offset;
            const bool ones = tensor.init == InitKind::Ones;
            for (int64_t i = 0; i < tensor.elements; ++i)
                values[i] = (ones ? 1.0f : 0.0f) + 0.08f * normal(engine);
        }
        for (int64_t i = 0; i < spec.microBatchesPerStep(); ++i)
            makeBatch(engine);
        setWeights(64);
    }

    int64_t elementsBeforeUnit(int unit) const { return elementsBefore(table, {0, table.unitCount()}, unit); }
    Slices slicing(int unitsPerSlice, int64_t vocabularyRows = 0) const {
        return makeSlicing(table, unitsPerSlice, vocabularyRows);
    }
    Slices wholeBody() const { return {{0, table.headUnit()}, {table.headUnit(), 1}}; }

    /// Copies the master weights in compute precision to memory that begins `shift` elements into a fresh buffer.
    void setWeights(int64_t shift) {
        m_weightMemory = at::empty({table.paddedParameters() + shift}, scalarTypeOf(spec.precision));
        weights = m_weightMemory.narrow(0, shift, table.paddedParameters());
        weights.copy_(master);
    }

    at::Tensor gradientOf(int tensor) const {
        const TensorInfo& info = table.tensors()[size_t(tensor)];
        return gradient.narrow(0, elementsBeforeUnit(info.unit) + info.offset, info.elements);
    }

    std::byte* weightsAt(int unit) const {
        return static_cast<std::byte*>(weights.data_ptr()) + size_t(elementsBeforeUnit(unit)) * weights.element_size();
    }
    float* gradientAt(int unit) const { return gradient.data_ptr<float>() + elementsBeforeUnit(unit); }
    int64_t offsetOf(const SliceRange& slice) const { return unitsOfSlice(table, slice).front().unitOffset; }
    std::byte* weightsAt(const SliceRange& slice) const {
        return weightsAt(slice.firstUnit) + size_t(offsetOf(slice)) * weights.element_size();
    }
    float* gradientAt(const SliceRange& slice) const { return gradientAt(slice.firstUnit) + offsetOf(slice); }
    at::Tensor boundary() const {
        return at::empty({spec.microBatch, spec.sequenceLength, table.model().width}, weights.options());
    }

    std::unique_ptr<TorchSliceMath> math(const Slices& slices) {
        auto result = std::make_unique<TorchSliceMath>(table, slices, spec, pool);
        for (size_t i = 0; i < inputs.size(); ++i)
            EXPECT_TRUE(result->setBatch(int(i), inputs[i], targets[i], targetsInStep).ok());
        return result;
    }

    /// Boundary activations of micro-batch `microBatch`: outputs of every slice but the head.
    /// The slices of an embedding that is cut have one output.
    std::vector<at::Tensor> forward(TorchSliceMath& math, const Slices& slices, int microBatch) {
        std::vector<at::Tensor> boundaries;
        for (size_t s = 0; slices[s].firstUnit < table.headUnit(); ++s) {
            const bool more = s > 0 && slices[s].firstUnit == 0;
            const at::Tensor output = more ? boundaries.back() : boundary();
            const void* input = slices[s].firstUnit > 0 ? boundaries.back().data_ptr() : nullptr;
            check(math.forward({int(s), microBatch, weightsAt(slices[s]), input, output.data_ptr()}));
            boundaries.push_back(output);
        }
        return boundaries;
    }

    /// Loss sum; fills `outputGradient` and adds the head's gradients unless it is undefined.
    double head(TorchSliceMath& math, int microBatch, const at::Tensor& input, const at::Tensor& inputGradient) {
        const int unit = table.headUnit();
        const bool tied = table.model().tiedHead;
        HeadCall call;
        call.microBatch = microBatch;
        call.weights = weightsAt(unit);
        call.tiedTable = tied ? weightsAt(0) : nullptr;
        call.input = input.data_ptr();
        call.lossScale = lossScale;
        call.inputGradient = inputGradient.defined() ? inputGradient.data_ptr() : nullptr;
        call.gradient = gradientAt(unit);
        call.tiedGradient = tied ? gradientAt(0) : nullptr;
        auto sum = math.head(call);
        check(sum);
        return sum.ok() ? sum->nats : 0.0;
    }

    /// The head in vocabulary slices, in the engine's order: loss sum; fills `inputGradients` and adds the head's
    /// gradients.
    double headInSlices(TorchSliceMath& math, const Slices& slices, const std::vector<at::Tensor>& activations,
                        const std::vector<at::Tensor>& inputGradients) {
        const bool tied = table.model().tiedHead;
        std::vector<int> rows;
        for (size_t s = 0; s < slices.size(); ++s)
            if (slices[s].firstUnit == (tied ? 0 : table.headUnit()) && rowsOfSlice(table, slices[s]).count > 0)
                rows.push_back(int(s));
        std::vector<std::vector<double>> sums(activations.size(),
                                              std::vector<double>(size_t(headSumsBytes(spec)) / sizeof(double), 1e30));
        const auto callOf = [&](int slice, size_t microBatch) {
            HeadSliceCall call;
            call.slice = slice;
            call.microBatch = int(microBatch);
            call.norm = weightsAt(table.headUnit());
            call.rows = weightsAt(slices[size_t(slice)]);
            call.input = activations[microBatch].data_ptr();
            call.sums = sums[microBatch].data();
            call.lossScale = lossScale;
            return call;
        };
        double nats = 0;
        for (int slice : rows)
            for (size_t m = 0; m < activations.size(); ++m) {
                const auto sum = math.headSums(callOf(slice, m));
                check(sum);
                nats += sum.ok() ? sum->nats : 0.0;
            }
        for (auto slice = rows.rbegin(); slice != rows.rend(); ++slice)
            for (size_t m = 0; m < activations.size(); ++m) {
                HeadSliceCall call = callOf(*slice, m);
                call.inputGradient = inputGradients[m].data_ptr();
                call.normGradient = *slice == rows.front() ? gradientAt(table.headUnit()) : nullptr;
                call.rowsGradient = gradientAt(slices[size_t(*slice)]);
                check(math.headSlice(call));
            }
        return nats;
    }

    /// Forward, head and backward of all micro-batches in the engine's order; adds to `gradient`. Mean loss.
    double step(const Slices& slices) {
        const auto owned = math(slices);
        std::vector<std::vector<at::Tensor>> boundaries;
        std::vector<at::Tensor> heads, gradients;
        double nats = 0;
        for (size_t m = 0; m < inputs.size(); ++m) {
            boundaries.push_back(forward(*owned, slices, int(m)));
            heads.push_back(boundaries[m].back());
            gradients.push_back(boundary());
        }
        const bool sliced = slices[1].firstUnit == 0;
        for (size_t m = 0; m < inputs.size() && !sliced; ++m)
            nats += head(*owned, int(m), heads[m], gradients[m]);
        if (sliced)
            nats = headInSlices(*owned, slices, heads, gradients);
        for (size_t s = boundaries.front().size(); s-- > 0;) {
            for (size_t m = 0; m < inputs.size(); ++m) {
                void* memory = gradients[m].data_ptr();
                const bool first = slices[s].firstUnit == 0;
                check(owned->backward({int(s), int(m), weightsAt(slices[s]),
                                       first ? nullptr : boundaries[m][s - 1].data_ptr(), memory,
                                       first ? nullptr : memory, gradientAt(slices[s])}));
            }
        }
        return nats / double(targetsInStep);
    }

    TensorTable table;
    TrainSpec spec;
    HostPool pool;
    at::Tensor master;    ///< fp32, padded element spaces of all units
    at::Tensor weights;   ///< the same in compute precision
    at::Tensor gradient;  ///< fp32
    std::vector<std::vector<int64_t>> inputs;
    std::vector<std::vector<int64_t>> targets;
    int64_t targetsInStep = 0;
    double lossScale = spec.precision == Precision::Fp16 ? 1024 : 1;

private:
    void makeBatch(std::mt19937& engine) {
        std::vector<int64_t> in, out;
        for (int64_t i = 0; i < spec.tokensPerMicroBatch(); ++i) {
            in.push_back(int64_t(engine() % uint64_t(table.model().vocabulary)));
            out.push_back(i % 13 == 5 ? -1 : int64_t(engine() % uint64_t(table.model().vocabulary)));
            targetsInStep += out.back() >= 0;
        }
        inputs.push_back(std::move(in));
        targets.push_back(std::move(out));
    }

    template <typename R>
    static void check(const R& result) {
        EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().what + ": " + result.error().why);
    }

    at::Tensor m_weightMemory;
};

}  // namespace gsst
