// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/adamw_cpu.h"
#include "optim/schedule.h"
#include "optim/squared_norm.h"
#include "optim_helpers.h"
#include "tests/support/folders.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <string>

namespace gsst::test {
namespace {

namespace fs = std::filesystem;

constexpr size_t kCount = 10007;
constexpr int64_t kSteps = 10;

template <typename Value>
void writeFile(const fs::path& path, const std::vector<Value>& values) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(values.data()), std::streamsize(values.size() * sizeof(Value)));
}

std::vector<float> readFile(const fs::path& path, size_t count) {
    std::vector<float> values(count, NAN);
    std::ifstream(path, std::ios::binary)
        .read(reinterpret_cast<char*>(values.data()), std::streamsize(count * sizeof(float)));
    return values;
}

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
    const std::string python = "\"" GSST_PYTHON "\"";
    if (!fs::exists(GSST_PYTHON))
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
    const TemporaryFolder temporary;
    const fs::path& folder = temporary.path;
    writeFile(folder / "weights.f32", weights);
    writeFile(folder / "gradients.f32", gradients);
    writeFile(folder / "rates.f64", rates);
    std::ostringstream command;
    command << std::setprecision(17) << python << ' ' << fs::path(GSST_REFERENCE_SCRIPT) << ' ' << folder << ' '
            << kCount << ' ' << kSteps << ' ' << spec.beta1 << ' ' << spec.beta2 << ' ' << spec.epsilon << ' '
            << spec.weightDecay << ' ' << spec.clipNorm;
    ASSERT_EQ(std::system(command.str().c_str()), 0);
    if (fs::exists(folder / "missing"))
        GTEST_SKIP() << "the Python at " << GSST_PYTHON << " has no torch or no numpy";

    const auto factors = readFile(folder / "factors.out.f32", size_t(kSteps));
    int clipped = 0;
    for (int64_t step = 1; step <= kSteps; ++step) {
        const float* gradient = gradients.data() + size_t(step - 1) * kCount;
        const double squared = squaredNorm(gradient, kCount);
        const float factor = clipFactor(totalNorm({&squared, 1}), spec.clipNorm);
        EXPECT_EQ(factor, factors[size_t(step - 1)]) << "step " << step;
        clipped += factor < 1;
        adamwUpdate(state.arrays(gradient, 0, kCount), true, adamwConstants(spec, step, factor));
    }
    EXPECT_TRUE(clipped > 2 && clipped < kSteps) << clipped;

    const auto expected = readFile(folder / "weights.out.f32", kCount);
    const auto moment1 = readFile(folder / "moment1.out.f32", kCount),
               moment2 = readFile(folder / "moment2.out.f32", kCount);
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
