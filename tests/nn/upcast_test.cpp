// SPDX-License-Identifier: GPL-3.0-or-later
// Products and attention that go through fp32, and the numbers of fp16.
#include "nn/causal_attention.h"
#include "nn/linear.h"
#include "nn/upcast_products.h"
#include "nn/vector_math.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <vector>

namespace gsst {
namespace {

double relativeError(const at::Tensor& value, const at::Tensor& reference) {
    return ((value.to(at::kDouble) - reference).abs().max() / reference.abs().max()).item<double>();
}

class Fp16 : public testing::Test {
protected:
    void SetUp() override {
        at::set_num_threads(2);
        at::manual_seed(3);
    }
};

class UpcastProducts : public testing::TestWithParam<at::ScalarType> {
protected:
    void SetUp() override {
        at::set_num_threads(2);
        at::manual_seed(3);
    }
    static at::Tensor random(at::IntArrayRef shape) { return at::randn(shape).to(GetParam()); }
    static double largestError() {
        return GetParam() == at::kHalf ? 1.0 / 2048 : 1.0 / 256;
    }  ///< relative one, of one rounding
};

constexpr Products kUpcast = Products::Upcast;
constexpr int64_t kRows = 70, kOutputs = 3400, kInputs = 1500;

TEST_F(Fp16, NumbersAreReadAsTorchReadsThem) {
    std::vector<uint16_t> all(1 << 16);
    for (size_t i = 0; i < all.size(); ++i)
        all[i] = uint16_t(i);
    const at::Tensor reference = at::from_blob(all.data(), {int64_t(all.size())}, at::kHalf).to(at::kFloat);
    const float* expected = reference.const_data_ptr<float>();
    for (size_t i = 0; i < all.size(); ++i) {
        const float value = vector_math::load(vector_math::Fp16{all[i]});
        if (std::isnan(expected[i]))
            ASSERT_TRUE(std::isnan(value)) << i;
        else
            ASSERT_EQ(std::bit_cast<uint32_t>(value), std::bit_cast<uint32_t>(expected[i])) << i;
    }
}

TEST_F(Fp16, NumbersAreRoundedAsTorchRoundsThem) {
    const at::Tensor values =
        (at::randn({200'000}) * at::exp2(at::randint(-40, 20, {200'000}).to(at::kFloat))).contiguous();
    const at::Tensor expected = values.to(at::kHalf).contiguous();
    const float* from = values.const_data_ptr<float>();
    const auto* bits = static_cast<const uint16_t*>(expected.const_data_ptr());
    for (int64_t i = 0; i < values.numel(); ++i) {
        vector_math::Fp16 value{};
        vector_math::store(value, from[i]);
        ASSERT_EQ(value.bits, bits[i]) << from[i];
    }
}

TEST_P(UpcastProducts, ProductsAreRoundedOnce) {
    ASSERT_LT(2 * upcastRows(kRows, kOutputs, kInputs), kOutputs) << "several pieces, the last one short";
    ASSERT_NE(kOutputs % upcastRows(kRows, kOutputs, kInputs), 0);
    const at::Tensor x = random({kRows, kInputs}), weight = random({kOutputs, kInputs});
    const at::Tensor bias = random({kOutputs}) * 40, residual = random({kRows, kOutputs}) * 40;
    const at::Tensor product = x.to(at::kDouble).mm(weight.to(at::kDouble).t());
    EXPECT_LT(relativeError(gsst::linear(x, weight, {}, kUpcast), product), 1.01 * largestError());
    EXPECT_LT(relativeError(gsst::linear(x, weight, bias, kUpcast), product + bias), 1.01 * largestError());
    const at::Tensor apart = at::empty_like(residual), inPlace = residual.clone();
    addLinear({residual, x, weight, bias}, apart, kUpcast);
    addLinear({inPlace, x, weight, bias}, inPlace, kUpcast);
    EXPECT_LT(relativeError(apart, product + bias + residual), 1.01 * largestError());
    EXPECT_TRUE(at::equal(apart, inPlace));
}

TEST_P(UpcastProducts, GradientsOfProductsAreRoundedOnceOrNotAtAll) {
    const at::Tensor dy = random({kRows, kOutputs}), x = random({kRows, kInputs}), weight = random({kOutputs, kInputs});
    const at::Tensor dyd = dy.to(at::kDouble), expected = dyd.mm(weight.to(at::kDouble));
    const at::Tensor dx = at::empty_like(x), matrix = at::full({kOutputs, kInputs}, 0.5);
    inputGradient(dy, weight, dx, kUpcast);
    EXPECT_LT(relativeError(dx, expected), 1.01 * largestError());
    addWeightGradient(matrix, dy, x, kUpcast);
    EXPECT_LT(relativeError(matrix, dyd.t().mm(x.to(at::kDouble)) + 0.5), 2e-6);
}

TEST_P(UpcastProducts, LayersThatShareAnInputAreAddedUpBeforeRounding) {
    const std::array dy{random({kRows, kOutputs}), random({kRows, kOutputs}) * 30};
    const std::array weight{random({kOutputs, kInputs}), random({kOutputs, kInputs})};
    const at::Tensor x = random({kRows, kInputs}), start = random({kRows, kInputs}) * 40;
    const at::Tensor products =
        dy[0].to(at::kDouble).mm(weight[0].to(at::kDouble)) + dy[1].to(at::kDouble).mm(weight[1].to(at::kDouble));
    for (const at::Tensor& before : {at::Tensor(), start}) {
        const std::array matrices{at::full({kOutputs, kInputs}, 0.5), at::full({kOutputs, kInputs}, -0.5)};
        const at::Tensor out = before.defined() ? before.clone() : x.clone();  // the memory of what is read
        LinearBackward backward(before.defined() ? x : out, kUpcast);
        if (before.defined())
            backward.start(out);
        for (size_t i = 0; i < 2; ++i)
            backward.add(dy[i], weight[i], matrices[i]);
        backward.inputGradient(out);
        EXPECT_LT(relativeError(out, before.defined() ? products + before : products), 1.01 * largestError());
        for (size_t i = 0; i < 2; ++i) {
            const at::Tensor apart = at::full({kOutputs, kInputs}, i == 0 ? 0.5 : -0.5);
            addWeightGradient(apart, dy[i], x, kUpcast);
            EXPECT_TRUE(at::equal(matrices[i], apart)) << i;
        }
    }
}

TEST_F(Fp16, WeightGradientsBeyondTheLargestHalfAreKept) {
    const at::Tensor dy = at::full({64, 8}, 3e4, at::kHalf), x = at::full({64, 8}, 3e4, at::kHalf),
                     matrix = at::zeros({8, 8});
    addWeightGradient(matrix, dy, x, kUpcast);
    EXPECT_LT(relativeError(matrix, at::full({8, 8}, 64 * 9e8, at::kDouble)), 1e-3);
}

TEST_P(UpcastProducts, AttentionIsThatOfFp32) {
    for (const int64_t keyHeads : {4, 2}) {
        const int64_t batch = 3, heads = 4, tokens = 90, size = 16;
        const auto randomHeads = [&](int64_t count) { return random({batch, tokens, count, size}).transpose(1, 2); };
        const at::Tensor query = randomHeads(heads), key = randomHeads(keyHeads), value = randomHeads(keyHeads);
        const at::Tensor gradient = randomHeads(heads) * 1000;
        const auto wide = [](const at::Tensor& narrow) { return narrow.to(at::kFloat); };
        const Attended expected = attend(wide(query), wide(key), wide(value), {}, Products::Native);
        const Attended found = attend(query, key, value, {}, kUpcast);
        EXPECT_EQ(found.values.scalar_type(), GetParam());
        EXPECT_TRUE(at::equal(found.values, expected.values.to(GetParam())));
        EXPECT_TRUE(at::equal(found.logSumExp, expected.logSumExp));
        EXPECT_TRUE(found.values.transpose(1, 2).is_contiguous());
        const auto [dQuery, dKey, dValue] = attendBackward(gradient, query, key, value, found, 0, kUpcast);
        const auto [wideQuery, wideKey, wideValue] =
            attendBackward(wide(gradient), wide(query), wide(key), wide(value), expected, 0, Products::Native);
        EXPECT_LT(relativeError(dQuery, wideQuery.to(at::kDouble)), 2 * largestError());
        EXPECT_LT(relativeError(dKey, wideKey.to(at::kDouble)), 2 * largestError());
        EXPECT_LT(relativeError(dValue, wideValue.to(at::kDouble)), 2 * largestError());
        EXPECT_TRUE(dQuery.transpose(1, 2).is_contiguous() && dKey.transpose(1, 2).is_contiguous() &&
                    dValue.transpose(1, 2).is_contiguous());
    }
}

/// Both against double arithmetic: the mean error of each product.
TEST(UpcastBf16, IsAtLeastAsExactAsNative) {
    at::set_num_threads(2);
    at::manual_seed(5);
    const auto random = [](at::IntArrayRef shape) { return at::randn(shape).to(at::kBFloat16); };
    const int64_t rows = 130, outputs = 500, inputs = 900;
    const at::Tensor x = random({rows, inputs}), weight = random({outputs, inputs}), dy = random({rows, outputs});
    const at::Tensor xd = x.to(at::kDouble), wd = weight.to(at::kDouble), dyd = dy.to(at::kDouble);
    const auto heads = [&random] { return random({1, 300, 4, 64}).transpose(1, 2); };
    const at::Tensor query = heads(), key = heads(), value = heads();
    const auto scores = query.to(at::kDouble).matmul(key.to(at::kDouble).transpose(2, 3)) / 8 +
                        at::full({300, 300}, -1e30, at::kDouble).triu(1);
    const at::Tensor attended = at::softmax(scores, 3).matmul(value.to(at::kDouble));
    std::array<std::array<double, 4>, 2> errors{};
    for (const Products products : {Products::Native, Products::Upcast}) {
        const at::Tensor dx = at::empty_like(x), matrix = at::zeros({outputs, inputs});
        inputGradient(dy, weight, dx, products);
        for (int i = 0; i < 3; ++i)  // micro-batches add up
            addWeightGradient(matrix, dy, x, products);
        const auto meanError = [](const at::Tensor& found, const at::Tensor& expected) {
            return (found.to(at::kDouble) - expected).abs().mean().item<double>();
        };
        errors[size_t(products)] = {meanError(gsst::linear(x, weight, {}, products), xd.mm(wd.t())),
                                    meanError(dx, dyd.mm(wd)), meanError(matrix, 3 * dyd.t().mm(xd)),
                                    meanError(attend(query, key, value, {}, products).values, attended)};
    }
    for (size_t i = 0; i < errors[0].size(); ++i)
        EXPECT_LE(errors[1][i], 1.001 * errors[0][i]) << i;
    EXPECT_LT(100 * errors[1][2], errors[0][2]) << "weight gradients are not rounded to bf16 on the way";
}

INSTANTIATE_TEST_SUITE_P(Types, UpcastProducts, testing::Values(at::kHalf, at::kBFloat16),
                         [](const auto& type) { return type.param == at::kHalf ? "fp16" : "bf16"; });

}  // namespace
}  // namespace gsst
