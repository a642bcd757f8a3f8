// SPDX-License-Identifier: GPL-3.0-or-later
#include "nn/linear.h"
#include "nn/norm.h"
#include "nn/rotary.h"
#include "nn/swiglu.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace gsst {
namespace {

double relativeError(const at::Tensor& value, const at::Tensor& reference) {
    const at::Tensor expected = reference.to(at::kDouble);
    return ((value.to(at::kDouble) - expected).abs().max() / expected.abs().max().clamp_min(1e-30)).item<double>();
}

class Kernels : public testing::TestWithParam<Precision> {
protected:
    void SetUp() override {
        at::set_num_threads(2);
        at::manual_seed(7);
    }
    at::Tensor random(at::IntArrayRef shape) const { return at::randn(shape).to(scalarTypeOf(GetParam())); }
    double tolerance() const {
        return GetParam() == Precision::Fp32 ? 2e-6 : GetParam() == Precision::Fp16 ? 2e-3 : 8e-3;
    }
};

ModelSpec modelOf(Family family, int64_t width) {
    ModelSpec model;
    model.family = family;
    model.width = width;
    return model;
}

TEST_P(Kernels, NormMatchesDoubleArithmetic) {
    for (const Family family : {Family::Gpt2, Family::Llama}) {
        const bool centred = family == Family::Gpt2;
        const int64_t rows = 150, width = 83;  // neither a multiple of the lanes nor of the row blocks
        const at::Tensor x = random({rows, width}) * 3 + 0.5, weight = random({width}), bias = random({width});
        const at::Tensor dy = random({rows, width}), residual = random({rows, width});
        UnitWeights weights;
        weights.set(TensorRole::NormWeight, weight);
        if (centred)
            weights.set(TensorRole::NormBias, bias);
        const Norm norm(modelOf(family, width), weights);
        const NormStatistics statistics = norm.statistics(x);
        const at::Tensor y = at::empty_like(x);
        norm.apply(x, statistics, y);

        const at::Tensor xd = x.to(at::kDouble).requires_grad_(), wd = weight.to(at::kDouble).requires_grad_();
        const at::Tensor bd = bias.to(at::kDouble).requires_grad_();
        const at::Tensor reference =
            centred ? at::layer_norm(xd, {width}, wd, bd, 1e-5) : xd * at::rsqrt(xd.pow(2).mean(-1, true) + 1e-5) * wd;
        (reference * dy.to(at::kDouble)).sum().backward();
        EXPECT_LT(relativeError(y, reference.detach()), tolerance());

        UnitGradients gradients;
        gradients.set(TensorRole::NormWeight, at::ones({width}));
        gradients.set(TensorRole::NormBias, at::ones({width}));
        const at::Tensor dx = residual.clone();
        norm.backward(dy, x, statistics, dx, dx, gradients);  // in place
        EXPECT_LT(relativeError(dx, xd.grad() + residual), tolerance());
        EXPECT_LT(relativeError(gradients[TensorRole::NormWeight], wd.grad() + 1), 4e-6);
        if (centred) {
            EXPECT_LT(relativeError(gradients[TensorRole::NormBias], bd.grad() + 1), 4e-6);
        }
    }
}

TEST(UnitTensors, FindsEveryTensorOfEveryFamilyByItsRole) {
    for (const FamilyInfo& family : kFamilies)
        for (const bool tied : {false, true}) {
            ModelSpec model;
            model.family = family.family;
            model.tiedHead = tied;
            const TensorTable table(model);
            std::vector<float> elements(size_t(table.paddedParameters()));
            for (int unit = 0; unit < table.unitCount(); ++unit) {
                const UnitTensors tensors(table, unit, elements.data(), at::kFloat);
                for (const TensorInfo& tensor : table.tensorsOf(unit)) {
                    EXPECT_EQ(tensors[tensor.role].sizes(), at::IntArrayRef(tensor.shape)) << tensor.name;
                    EXPECT_EQ(tensors[tensor.role].const_data_ptr(), elements.data() + tensor.offset) << tensor.name;
                }
            }
            EXPECT_FALSE(UnitTensors(table, 0, elements.data(), at::kFloat)[TensorRole::HeadWeight].defined());
        }
}

TEST_P(Kernels, SwigluMatchesDoubleArithmeticInPlace) {
    const at::Tensor gate = random({37, 53}) * 4, up = random({37, 53}), dy = random({37, 53});
    const at::Tensor g = gate.to(at::kDouble).requires_grad_(), u = up.to(at::kDouble).requires_grad_();
    const at::Tensor reference = at::silu(g) * u;
    (reference * dy.to(at::kDouble)).sum().backward();
    const at::Tensor out = up.clone();
    swiglu(gate, out, out);
    EXPECT_LT(relativeError(out, reference.detach()), tolerance());
    const at::Tensor dGate = gate.clone(), dUp = up.clone();
    swigluBackward(dGate, dUp, dy);
    EXPECT_LT(relativeError(dGate, g.grad()), tolerance());
    EXPECT_LT(relativeError(dUp, u.grad()), tolerance());
}

TEST_P(Kernels, RotaryTurnsPairsByTheirAngleAndBack) {
    ModelSpec model;
    model.width = 2 * 12;
    model.heads = 2;
    model.context = 40;
    const Rotary rotary(model);
    const at::Tensor x = random({3, 30, 2, 12});
    const at::Tensor turned = x.clone();
    rotary.rotate(turned, 9);
    const auto in = x.to(at::kDouble), out = turned.to(at::kDouble);
    for (const int64_t token : {0, 11, 29}) {
        for (int64_t i = 0; i < 6; ++i) {
            const double angle = double(9 + token) * std::pow(10000.0, -double(2 * i) / 12.0);
            const double a = in[2][token][1][i].item<double>(), b = in[2][token][1][i + 6].item<double>();
            const double margin = (GetParam() == Precision::Fp32 ? 1e-5 : 8e-3) * (std::abs(a) + std::abs(b) + 0.1);
            EXPECT_NEAR(out[2][token][1][i].item<double>(), a * std::cos(angle) - b * std::sin(angle), margin);
            EXPECT_NEAR(out[2][token][1][i + 6].item<double>(), b * std::cos(angle) + a * std::sin(angle), margin);
        }
    }
    const at::Tensor back = x.clone();
    rotary.rotate(back);
    rotary.rotateBack(back);
    EXPECT_LT(relativeError(back, x), tolerance());
}

TEST_P(Kernels, GradientsOfMatricesAddUp) {
    const at::Tensor dy = random({130, 1500}), x = random({130, 900});  // 1500 x 900 takes two pieces in bf16
    const at::Tensor matrix = at::full({1500, 900}, 0.5), bias = at::full({1500}, 0.5);
    addWeightGradient(matrix, dy, x, GetParam() == Precision::Fp16 ? Products::Upcast : Products::Native);
    addBiasGradient(bias, dy);
    const at::Tensor dyd = dy.to(at::kDouble);
    EXPECT_LT(relativeError(matrix, dyd.t().mm(x.to(at::kDouble)) + 0.5), GetParam() == Precision::Bf16 ? 4e-3 : 1e-6);
    EXPECT_LT(relativeError(bias, dyd.sum(0) + 0.5), 1e-6);
}

TEST_P(Kernels, RowsAreAddedInTheirOrder) {
    const at::Tensor rows = random({300, 700});
    std::vector<int64_t> indices;
    for (int64_t i = 0; i < 300; ++i)
        indices.push_back(i * i % 7);
    const at::Tensor sums = at::zeros({7, 700}), expected = at::zeros({7, 700});
    addRows(sums, indices.data(), rows);
    for (int64_t i = 0; i < 300; ++i)
        expected[indices[size_t(i)]].add_(rows[i].to(at::kFloat));
    EXPECT_TRUE(at::equal(sums, expected));
}

TEST_P(Kernels, ThreadCountChangesNoBits) {
    const at::Tensor x = random({1000, 600}), dy = random({1000, 600});
    UnitWeights weights;
    weights.set(TensorRole::NormWeight, random({600}));
    weights.set(TensorRole::NormBias, random({600}));
    const Norm norm(modelOf(Family::Gpt2, 600), weights);
    std::vector<at::Tensor> results[2];
    for (const int threads : {1, 2}) {
        at::set_num_threads(threads);
        UnitGradients gradients;
        gradients.set(TensorRole::NormWeight, at::zeros({600}));
        gradients.set(TensorRole::NormBias, at::zeros({600}));
        const NormStatistics statistics = norm.statistics(x);
        const at::Tensor dx = at::empty_like(x), bias = at::zeros({600});
        norm.backward(dy, x, statistics, {}, dx, gradients);
        addBiasGradient(bias, dy);
        results[threads - 1] = {statistics.mean,
                                statistics.scale,
                                dx,
                                gradients[TensorRole::NormWeight],
                                gradients[TensorRole::NormBias],
                                bias};
    }
    for (size_t i = 0; i < results[0].size(); ++i)
        EXPECT_TRUE(at::equal(results[0][i], results[1][i])) << i;
}

INSTANTIATE_TEST_SUITE_P(Precisions, Kernels, testing::Values(Precision::Fp32, Precision::Bf16, Precision::Fp16));

}  // namespace
}  // namespace gsst
