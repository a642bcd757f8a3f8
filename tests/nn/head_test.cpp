// SPDX-License-Identifier: GPL-3.0-or-later
// The loss and its gradients, in chunks over the vocabulary and in slices of chunks.
#include "nn/head_unit.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <vector>

namespace gsst {
namespace {

double relativeError(const at::Tensor& value, const at::Tensor& reference) {
    const at::Tensor expected = reference.to(at::kDouble);
    return ((value.to(at::kDouble) - expected).abs().max() / expected.abs().max().clamp_min(1e-30)).item<double>();
}

class Head : public testing::TestWithParam<std::tuple<Precision, Products>> {
protected:
    void SetUp() override {
        at::set_num_threads(2);
        at::manual_seed(7);
    }
    static Precision precision() { return std::get<0>(GetParam()); }
    at::Tensor random(at::IntArrayRef shape) const { return at::randn(shape).to(scalarTypeOf(precision())); }

    /// Sums and losses of logits [rows, V] in chunks of so many columns; the logits become their gradient.
    struct Loss {
        std::vector<TokenSum> sums;
        std::vector<double> losses;
        at::Tensor gradient;
    };
    static Loss lossOf(const at::Tensor& logits, const std::vector<int64_t>& targets, int64_t chunk, float scale) {
        Loss loss;
        loss.sums.resize(targets.size());
        loss.losses.assign(targets.size(), -1.0);
        std::vector<LogitChunk> chunks;
        for (int64_t first = 0; first < logits.size(1); first += chunk)
            chunks.push_back(
                {logits.narrow(1, first, std::min(chunk, logits.size(1) - first)).clone(at::MemoryFormat::Contiguous),
                 first});
        for (const LogitChunk& each : chunks)
            addTokenSums(each, targets, loss.sums);
        tokenLosses(targets, loss.sums, loss.losses);
        std::vector<at::Tensor> gradients;
        for (const LogitChunk& each : chunks) {
            turnIntoGradient(each, targets, loss.sums, scale);
            gradients.push_back(each.logits);
        }
        loss.gradient = at::cat(gradients, 1);
        return loss;
    }
};

TEST_P(Head, LossIsTheExactLogSumExpInAnyChunks) {
    const int64_t rows = 9, vocabulary = 5003;
    const at::Tensor logits = random({rows, vocabulary}) * 5;
    logits[1].add_(3000);      // naive exponentials would overflow
    logits[2].sub_(3000);      // or vanish
    logits[3][17].fill_(200);  // nearly all mass on one token
    const std::vector<int64_t> targets{0, 5002, 17, 17, 16, kIgnoredTarget, 3, 4096, 4095};
    const at::Tensor reference = at::log_softmax(logits.to(at::kDouble), 1);
    const float scale = 0.25f;
    for (const int64_t chunk : {vocabulary, int64_t{4096}, int64_t{1000}, int64_t{17}}) {
        const Loss loss = lossOf(logits, targets, chunk, scale);
        for (int64_t row = 0; row < rows; ++row) {
            const int64_t target = targets[size_t(row)];
            if (target == kIgnoredTarget) {
                EXPECT_EQ(loss.losses[size_t(row)], 0.0);
                EXPECT_EQ(loss.gradient[row].abs().max().item<float>(), 0.0f);
                continue;
            }
            EXPECT_NEAR(loss.losses[size_t(row)], -reference[row][target].item<double>(),
                        1e-6 * std::max(1.0, loss.losses[size_t(row)]));
            at::Tensor gradient = at::exp(reference[row]);
            gradient[target].sub_(1);
            // Logits near 3000 have a spacing of 2.4e-4 in fp32, which bounds the exponential's argument.
            const double margin = precision() == Precision::Fp32 ? (row == 1 || row == 2 ? 3e-4 : 2e-6) : 8e-3;
            EXPECT_LT(relativeError(loss.gradient[row], gradient * scale), margin) << row << " in chunks of " << chunk;
        }
    }
}

TEST_P(Head, LossShowsNaNInAnyChunk) {
    for (const int64_t place : {3, 40, 99}) {
        const at::Tensor logits = random({2, 100});
        logits[1][place].fill_(std::numeric_limits<double>::quiet_NaN());
        const Loss loss = lossOf(logits, {1, 2}, 25, 1.0f);
        EXPECT_TRUE(std::isfinite(loss.losses[0]));
        EXPECT_TRUE(std::isnan(loss.losses[1])) << place;
    }
}

/// A head of 700 rows in canonical chunks of 200: the last chunk is smaller.
struct HeadModel {
    static constexpr int64_t kTokens = 70, kWidth = 48, kVocabulary = 700;
    HeadChunks chunks{32, 200};  // the last chunk of tokens is smaller too
    Products products;
    ModelSpec model;
    UnitWeights norm;
    at::Tensor table, input;
    std::vector<int64_t> targets;

    HeadModel(at::ScalarType type, Products theProducts) : products(theProducts) {
        model.width = kWidth;
        norm.set(TensorRole::NormWeight, (at::randn({kWidth}) * 0.2 + 1).to(type));
        norm.set(TensorRole::NormBias, (at::randn({kWidth}) * 0.2).to(type));
        table = (at::randn({kVocabulary, kWidth}) * 0.5).to(type);
        input = at::randn({kTokens, kWidth}).to(type);
        for (int64_t i = 0; i < kTokens; ++i)
            targets.push_back(i % 11 == 4 ? kIgnoredTarget : i * 37 % kVocabulary);
    }

    struct Result {
        double loss = 0;
        at::Tensor input, table, weight, bias;
    };
    Result zeros() const {
        return {0, at::full_like(input, 7), at::full({kVocabulary, kWidth}, 0.25), at::full({kWidth}, 0.25),
                at::full({kWidth}, 0.25)};
    }
    static HeadGradients gradientsOf(const Result& result) {
        HeadGradients gradients;
        gradients.input = result.input;
        gradients.rows = result.table;
        gradients.unit.set(TensorRole::NormWeight, result.weight);
        gradients.unit.set(TensorRole::NormBias, result.bias);
        gradients.scale = 1.0 / kTokens;
        return gradients;
    }

    Result whole() const {
        Result result = zeros();
        result.loss = HeadUnit(model, norm, {table, 0, kVocabulary}, chunks, products)
                          .lossAndGradients(input, targets, gradientsOf(result));
        return result;
    }

    /// In slices of so many rows: up for the sums, down for the gradients.
    Result inSlices(int64_t rows) const {
        Result result = zeros();
        std::vector<TokenSum> sums(size_t(kTokens),
                                   TokenSum{1e9, 1e9f, 1e9f});  // what was there before must not matter
        std::vector<HeadRows> slices;
        for (int64_t first = 0; first < kVocabulary; first += rows)
            slices.push_back({table.narrow(0, first, std::min(rows, kVocabulary - first)).clone(), first, kVocabulary});
        for (const HeadRows& slice : slices)
            HeadUnit(model, norm, slice, chunks, products).addSums(input, targets, sums);
        result.loss = HeadUnit::loss(targets, sums);
        std::reverse(slices.begin(), slices.end());
        for (const HeadRows& slice : slices) {
            HeadGradients gradients = gradientsOf(result);
            gradients.rows = result.table.narrow(0, slice.first, slice.rows.size(0));
            if (slice.first > 0)
                gradients.unit = {};
            HeadUnit(model, norm, slice, chunks, products).addGradients(input, targets, sums, gradients);
        }
        return result;
    }
};

TEST_P(Head, VocabularySlicesGiveTheSameBits) {
    const HeadModel head(scalarTypeOf(precision()), std::get<1>(GetParam()));
    const HeadModel::Result whole = head.whole();
    const HeadUnit unit(head.model, head.norm, {head.table, 0, HeadModel::kVocabulary}, head.chunks, head.products);
    EXPECT_EQ(unit.loss(head.input, head.targets), whole.loss);
    for (const int64_t rows : {200, 400, 600, 800}) {
        const HeadModel::Result sliced = head.inSlices(rows);
        EXPECT_EQ(sliced.loss, whole.loss) << rows;
        EXPECT_TRUE(at::equal(sliced.input, whole.input)) << rows;
        EXPECT_TRUE(at::equal(sliced.table, whole.table)) << rows;
        EXPECT_TRUE(at::equal(sliced.weight, whole.weight)) << rows;
        EXPECT_TRUE(at::equal(sliced.bias, whole.bias)) << rows;
    }
}

TEST_P(Head, MatchesCrossEntropyInDoubleArithmetic) {
    HeadModel head(scalarTypeOf(precision()), std::get<1>(GetParam()));
    const auto exact = [](const at::Tensor& tensor) { return tensor.to(at::kDouble).requires_grad_(); };
    const at::Tensor input = exact(head.input), table = exact(head.table);
    const at::Tensor weight = exact(head.norm[TensorRole::NormWeight]), bias = exact(head.norm[TensorRole::NormBias]);
    const at::Tensor logits = at::layer_norm(input, {HeadModel::kWidth}, weight, bias, 1e-5).mm(table.t());
    const at::Tensor targets = at::tensor(head.targets, at::kLong);
    const at::Tensor loss = at::cross_entropy_loss(logits, targets, {}, at::Reduction::Sum, kIgnoredTarget);
    (loss / double(HeadModel::kTokens)).backward();
    for (const int64_t chunk : {100, 200, 700}) {
        head.chunks.rows = chunk;
        const HeadModel::Result result = head.inSlices(chunk);
        const double margin = precision() == Precision::Fp32 ? 5e-6 : 3e-2;
        EXPECT_NEAR(result.loss, loss.item<double>(), margin * 0.3 * loss.item<double>());
        EXPECT_LT(relativeError(result.input, input.grad()), margin) << chunk;
        EXPECT_LT(relativeError(result.table - 0.25, table.grad()), margin) << chunk;
        EXPECT_LT(relativeError(result.weight - 0.25, weight.grad()), margin) << chunk;
        EXPECT_LT(relativeError(result.bias - 0.25, bias.grad()), margin) << chunk;
    }
}

INSTANTIATE_TEST_SUITE_P(Ways, Head,
                         testing::Values(std::tuple(Precision::Fp32, Products::Native),
                                         std::tuple(Precision::Bf16, Products::Native),
                                         std::tuple(Precision::Bf16, Products::Upcast)));

}  // namespace
}  // namespace gsst
