// SPDX-License-Identifier: GPL-3.0-or-later
// What is done differently in fp16: its numbers, its products, its attention.
#include "nn/causal_attention.h"
#include "nn/linear.h"
#include "nn/vector_math.h"
#include "nn/widened_products.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace gsst {
namespace {

constexpr double kHalfUnit = 1.0 / 2048;  // largest relative error of one rounding

double relativeError(const at::Tensor& value, const at::Tensor& reference) {
    return ((value.to(at::kDouble) - reference).abs().max() / reference.abs().max()).item<double>();
}

at::Tensor halves(at::IntArrayRef shape) { return at::randn(shape).to(at::kHalf); }

class Fp16 : public testing::Test {
protected:
    void SetUp() override {
        at::set_num_threads(2);
        at::manual_seed(3);
    }
};

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
    const at::Tensor values = (at::randn({200'000}) * at::exp2(at::randint(-40, 20, {200'000}).to(at::kFloat))).contiguous();
    const at::Tensor expected = values.to(at::kHalf).contiguous();
    const float* from = values.const_data_ptr<float>();
    const auto* bits = static_cast<const uint16_t*>(expected.const_data_ptr());
    for (int64_t i = 0; i < values.numel(); ++i) {
        vector_math::Fp16 value{};
        vector_math::store(value, from[i]);
        ASSERT_EQ(value.bits, bits[i]) << from[i];
    }
}

TEST_F(Fp16, ProductsAreRoundedOnce) {
    const int64_t rows = 70, outputs = 1700, inputs = 1500;
    ASSERT_LT(2 * widenedRows(rows, outputs, inputs), outputs) << "several pieces, the last one short";
    ASSERT_NE(outputs % widenedRows(rows, outputs, inputs), 0);
    const at::Tensor x = halves({rows, inputs}), weight = halves({outputs, inputs}), bias = halves({outputs}) * 40, residual = halves({rows, outputs}) * 40;
    const at::Tensor product = x.to(at::kDouble).mm(weight.to(at::kDouble).t());
    EXPECT_LT(relativeError(gsst::linear(x, weight, {}), product), 1.01 * kHalfUnit);
    EXPECT_LT(relativeError(gsst::linear(x, weight, bias), product + bias), 1.01 * kHalfUnit);
    const at::Tensor apart = at::empty_like(residual), inPlace = residual.clone();
    addLinear(residual, x, weight, bias, apart);
    addLinear(inPlace, x, weight, bias, inPlace);
    EXPECT_LT(relativeError(apart, product + bias + residual), 1.01 * kHalfUnit);
    EXPECT_TRUE(at::equal(apart, inPlace));
}

TEST_F(Fp16, GradientsOfProductsAreRoundedOnceOrNotAtAll) {
    const int64_t rows = 70, outputs = 1700, inputs = 1500;
    const at::Tensor dy = halves({rows, outputs}), x = halves({rows, inputs}), weight = halves({outputs, inputs}), start = halves({rows, inputs}) * 40;
    const at::Tensor dyd = dy.to(at::kDouble), expected = dyd.mm(weight.to(at::kDouble));
    const at::Tensor dx = at::empty_like(x), sum = start.clone(), matrix = at::full({outputs, inputs}, 0.5);
    inputGradient(dy, weight, dx);
    EXPECT_LT(relativeError(dx, expected), 1.01 * kHalfUnit);
    addInputGradient(dy, weight, sum);
    EXPECT_LT(relativeError(sum, expected + start), 1.01 * kHalfUnit);
    addWeightGradient(matrix, dy, x);
    EXPECT_LT(relativeError(matrix, dyd.t().mm(x.to(at::kDouble)) + 0.5), 2e-6);
}

TEST_F(Fp16, WeightGradientsBeyondTheLargestHalfAreKept) {
    const at::Tensor dy = at::full({64, 8}, 3e4, at::kHalf), x = at::full({64, 8}, 3e4, at::kHalf), matrix = at::zeros({8, 8});
    addWeightGradient(matrix, dy, x);
    EXPECT_LT(relativeError(matrix, at::full({8, 8}, 64 * 9e8, at::kDouble)), 1e-3);
}

TEST_F(Fp16, AttentionIsThatOfFp32) {
    for (const int64_t keyHeads : {4, 2}) {
        const int64_t batch = 3, heads = 4, tokens = 90, size = 16;
        const auto random = [&](int64_t count) { return halves({batch, tokens, count, size}).transpose(1, 2); };
        const at::Tensor query = random(heads), key = random(keyHeads), value = random(keyHeads), gradient = random(heads) * 1000;
        const auto wide = [](const at::Tensor& heads16) { return heads16.to(at::kFloat); };
        const Attended expected = attend(wide(query), wide(key), wide(value), true), found = attend(query, key, value, true);
        EXPECT_EQ(found.values.scalar_type(), at::kHalf);
        EXPECT_TRUE(at::equal(found.values, expected.values.to(at::kHalf)));
        EXPECT_TRUE(at::equal(found.logSumExp, expected.logSumExp));
        EXPECT_TRUE(found.values.transpose(1, 2).is_contiguous());
        const auto [dQuery, dKey, dValue] = attendBackward(gradient, query, key, value, found);
        const auto [wideQuery, wideKey, wideValue] = attendBackward(wide(gradient), wide(query), wide(key), wide(value), expected);
        EXPECT_LT(relativeError(dQuery, wideQuery.to(at::kDouble)), 2 * kHalfUnit);
        EXPECT_LT(relativeError(dKey, wideKey.to(at::kDouble)), 2 * kHalfUnit);
        EXPECT_LT(relativeError(dValue, wideValue.to(at::kDouble)), 2 * kHalfUnit);
        EXPECT_TRUE(dQuery.transpose(1, 2).is_contiguous() && dKey.transpose(1, 2).is_contiguous() && dValue.transpose(1, 2).is_contiguous());
    }
}

}  // namespace
}  // namespace gsst
