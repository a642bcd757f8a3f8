// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/adamw.h"
#include "optim/element_step.h"
#include "optim/schedule.h"
#include "optim/squared_norm.h"
#include "optim_helpers.h"
#include "torch_reference.h"

#include <gtest/gtest.h>

#include <cmath>
#include <iostream>

namespace gsst::test {
namespace {

constexpr size_t kCount = 10007;
constexpr int64_t kSteps = 10;

TrainSpec training() {
    TrainSpec spec;
    spec.warmupSteps = 4;
    spec.steps = kSteps;
    spec.learningRate = 3e-3;
    spec.beta2 = 0.95;
    spec.clipNorm = 3.0;
    return spec;
}

/// Ten steps of PyTorch's own optimizer and ours on the same random data.
TEST(TorchAdamW, TenStepsAgree) {
    if (!TorchReference::hasPython())
        GTEST_SKIP() << "no Python at " << GSST_PYTHON;
    const TrainSpec spec = training();
    State state = randomState(kCount);
    std::vector<float> weights(kCount), gradients;
    for (size_t i = 0; i < kCount; ++i) {
        weights[i] = state.weight(i);
        state.moment1[i] = state.moment2[i] = 0;
    }
    std::vector<double> rates;
    for (int64_t step = 1; step <= kSteps; ++step) {
        // The first and the last step stay below the norm at which clipping starts.
        for (float value : randomGradient(kCount, uint64_t(step)))
            gradients.push_back(step % 9 == 1 ? value * 0.01f : value);
        rates.push_back(learningRate(spec, step));
    }
    const TorchReference torch;
    torch.write("weights.f32", weights);
    torch.write("gradients.f32", gradients);
    torch.write("rates.f64", rates);
    ASSERT_EQ(torch.run({double(kCount), double(kSteps), spec.beta1, spec.beta2, spec.epsilon, spec.weightDecay,
                         spec.clipNorm}),
              0);
    if (torch.lacksTorch())
        GTEST_SKIP() << "the Python at " << GSST_PYTHON << " has no torch or no numpy";

    const auto factors = torch.read("factors.out.f32", size_t(kSteps));
    int clipped = 0;
    for (int64_t step = 1; step <= kSteps; ++step) {
        const float* gradient = gradients.data() + size_t(step - 1) * kCount;
        const double squared = squaredNorm(gradient, kCount);
        const float factor = clipFactor(totalNorm({&squared, 1}), spec.clipNorm);
        EXPECT_EQ(factor, factors[size_t(step - 1)]) << "step " << step;
        clipped += factor < 1;
        updateElements<AdamWMath>(state.arrays(gradient, 0, kCount), true, adamwConstants(spec, step, factor));
    }
    EXPECT_TRUE(clipped > 2 && clipped < kSteps) << clipped;

    const auto expected = torch.read("weights.out.f32", kCount);
    const auto moment1 = torch.read("moment1.out.f32", kCount), moment2 = torch.read("moment2.out.f32", kCount);
    size_t same = 0;
    for (size_t i = 0; i < kCount; ++i) {
        ASSERT_NEAR(state.weight(i), expected[i], 1e-6f * std::abs(expected[i]) + 1e-9f) << i;
        ASSERT_NEAR(state.moment1[i], moment1[i], 1e-6f * std::abs(moment1[i]) + 1e-7f * std::sqrt(moment2[i])) << i;
        ASSERT_NEAR(state.moment2[i], moment2[i], 1e-6f * moment2[i]) << i;
        same += state.weight(i) == expected[i];
    }
    RecordProperty("weights_equal_to_the_bit", int(same));
    std::cout << same << " of " << kCount << " weights are equal to the bit\n";
}

}  // namespace
}  // namespace gsst::test
