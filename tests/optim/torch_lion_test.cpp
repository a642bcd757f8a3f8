// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/element_step.h"
#include "optim/lion.h"
#include "optim/schedule.h"
#include "optim_helpers.h"
#include "torch_reference.h"

#include <gtest/gtest.h>

#include <cmath>
#include <iostream>

namespace gsst::test {
namespace {

constexpr size_t kCount = 10007;
constexpr int64_t kSteps = 10;

/// Ten steps of Lion in plain PyTorch and ours on the same random data.
TEST(TorchLion, TenStepsAgree) {
    if (!TorchReference::hasPython())
        GTEST_SKIP() << "no Python at " << GSST_PYTHON;
    TrainSpec spec = trainingWith(OptimizerKind::Lion);
    spec.warmupSteps = 4;
    spec.steps = kSteps;
    spec.beta2 = 0.95;
    State state = randomState(kCount);
    std::vector<float> weights(kCount), gradients;
    for (size_t i = 0; i < kCount; ++i) {
        weights[i] = state.weight(i);
        state.moment1[i] = 0;
    }
    std::vector<double> rates;
    for (int64_t step = 1; step <= kSteps; ++step) {
        for (const float value : randomGradient(kCount, uint64_t(step)))
            gradients.push_back(value);
        rates.push_back(learningRate(spec, step));
    }
    const TorchReference torch;
    torch.write("weights.f32", weights);
    torch.write("gradients.f32", gradients);
    torch.write("rates.f64", rates);
    ASSERT_EQ(torch.run({double(kCount), double(kSteps), spec.beta1, spec.beta2, spec.weightDecay}), 0);
    if (torch.lacksTorch())
        GTEST_SKIP() << "the Python at " << GSST_PYTHON << " has no torch or no numpy";

    for (int64_t step = 1; step <= kSteps; ++step) {
        UpdateArrays arrays = state.arrays(gradients.data() + size_t(step - 1) * kCount, 0, kCount);
        arrays.moment2 = nullptr;
        optimizerOf(spec.optimizer).step(spec, step, 1.0f)->update(arrays, true);
    }
    const auto expected = torch.read("weights.out.f32", kCount), moment1 = torch.read("moment1.out.f32", kCount);
    size_t same = 0, otherSign = 0;
    for (size_t i = 0; i < kCount; ++i) {
        ASSERT_NEAR(state.moment1[i], moment1[i], 1e-6f * std::abs(moment1[i]) + 1e-10f) << i;
        // Where the terms of a blend cancel, its sign is left to the rounding of each of the two.
        otherSign += std::abs(state.weight(i) - expected[i]) > 1e-6f * std::abs(expected[i]) + 1e-8f;
        same += state.weight(i) == expected[i];
    }
    EXPECT_LE(otherSign, 1u);
    RecordProperty("weights_equal_to_the_bit", int(same));
    std::cout << same << " of " << kCount << " weights are equal to the bit\n";
}

}  // namespace
}  // namespace gsst::test
