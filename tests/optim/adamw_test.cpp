// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/adamw.h"
#include "optim/element_step.h"
#include "optim/schedule.h"
#include "optim_helpers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace gsst::test {
namespace {

constexpr size_t kCount = 20011;

TrainSpec training() {
    TrainSpec spec;
    spec.warmupSteps = 4;
    spec.steps = 50;
    return spec;
}

/// The update in double, written from the paper (Algorithm 2 with decoupled decay), not from the kernel.
struct Reference {
    double weight = 0, m = 0, v = 0;
    void step(double g, double lr, double decay, const TrainSpec& spec, int64_t t) {
        m = spec.beta1 * m + (1 - spec.beta1) * g;
        v = spec.beta2 * v + (1 - spec.beta2) * g * g;
        const double mHat = m / (1 - std::pow(spec.beta1, double(t)));
        const double vHat = v / (1 - std::pow(spec.beta2, double(t)));
        weight -= lr * decay * weight + lr * mHat / (std::sqrt(vHat) + spec.epsilon);
    }
};

TEST(AdamW, AgreesWithDoublePrecision) {
    for (const bool decay : {true, false})
        for (const double beta1 : {0.9, 0.3}) {
            TrainSpec spec = training();
            spec.beta1 = beta1;
            State state = randomState(kCount);
            std::vector<Reference> references;
            for (size_t i = 0; i < kCount; ++i) {
                state.moment1[i] = state.moment2[i] = 0;
                references.push_back({double(state.weight(i)), 0, 0});
            }
            for (int64_t step = 1; step <= 10; ++step) {
                const auto gradient = randomGradient(kCount, uint64_t(100 + step));
                const float scale = step % 2 ? 1.0f : 0.37f;
                updateElements<AdamWMath>(state.arrays(gradient.data(), 0, kCount), decay,
                                          adamwConstants(spec, step, scale));
                for (size_t i = 0; i < kCount; ++i) {
                    references[i].step(double(gradient[i]) * double(scale), learningRate(spec, step),
                                       decay ? spec.weightDecay : 0.0, spec, step);
                    ASSERT_NEAR(state.weight(i), references[i].weight, 1e-6 * std::abs(references[i].weight) + 1e-8)
                        << i << " step " << step;
                    ASSERT_NEAR(state.moment2[i], references[i].v, 2e-6 * references[i].v);
                    ASSERT_NEAR(state.moment1[i], references[i].m,
                                1e-6 * std::abs(references[i].m) + 1e-7 * std::sqrt(references[i].v * 100));
                }
            }
        }
}

TEST(AdamW, BitsDoNotDependOnTheInstructionSet) {
    const State start = randomState(kCount);
    const auto gradient = randomGradient(kCount, 9);
    const AdamWConstants constants = adamwConstants(training(), 7, 0.8f);
    // The element function, one by one, is the reference: a barrier keeps this loop from being vectorised.
    State expected = start;
    for (size_t i = 0; i < kCount; ++i) {
        expected.setWeight(i, adamwElement(expected.weight(i), gradient[i], expected.moment1[i], expected.moment2[i],
                                           constants.keep, constants));
        asm volatile("" ::: "memory");
    }
    for (const CpuKernels& kernels : supportedCpuKernels()) {
        State state = start;
        kernels.update<AdamWMath>().plain(state.arrays(gradient.data(), 0, kCount), constants.keep, constants);
        EXPECT_TRUE(state == expected) << kernels.name;
    }
    EXPECT_FALSE(start == expected);
}

TEST(AdamW, BitsDoNotDependOnSplits) {
    const State start = randomState(kCount);
    const auto gradient = randomGradient(kCount, 9);
    const AdamWConstants constants = adamwConstants(training(), 7, 0.8f);
    State whole = start;
    updateElements<AdamWMath>(whole.arrays(gradient.data(), 0, kCount), true, constants);
    for (size_t piece : {size_t{1}, size_t{7}, size_t{64}, size_t{4099}}) {
        State split = start;
        for (size_t first = 0; first < kCount; first += piece)
            updateElements<AdamWMath>(split.arrays(gradient.data(), first, std::min(piece, kCount - first)), true,
                                      constants);
        EXPECT_TRUE(split == whole) << piece;
    }
}

TEST(AdamW, WritesComputeWeightsInTheSamePass) {
    const auto gradient = randomGradient(kCount, 9);
    const AdamWConstants constants = adamwConstants(training(), 3, 1.0f);
    State plain = randomState(kCount);
    updateElements<AdamWMath>(plain.arrays(gradient.data(), 0, kCount), false, constants);
    for (const CpuKernels& kernels : supportedCpuKernels()) {
        State first = randomState(kCount), second = randomState(kCount);
        std::vector<float> fp32(kCount);
        std::vector<uint16_t> bf16(kCount);
        UpdateArrays arrays = first.arrays(gradient.data(), 0, kCount);
        arrays.weightsFp32 = fp32.data();
        kernels.update<AdamWMath>().plain(arrays, 1.0f, constants);
        arrays = second.arrays(gradient.data(), 0, kCount);
        arrays.weightsBf16 = bf16.data();
        kernels.update<AdamWMath>().plain(arrays, 1.0f, constants);
        EXPECT_TRUE(first == plain && second == plain) << kernels.name;
        EXPECT_EQ(bf16, plain.hi);
        for (size_t i = 0; i < kCount; ++i)
            ASSERT_EQ(fp32[i], plain.weight(i));
    }
}

TEST(AdamW, DecayShrinksAndTheScaleScales) {
    State state(1);
    state.setWeight(0, 2.0f);
    const float zero = 0;
    TrainSpec spec = training();
    spec.warmupSteps = 0;
    spec.schedule = ScheduleKind::Constant;
    updateElements<AdamWMath>(state.arrays(&zero, 0, 1), true, adamwConstants(spec, 1, 1.0f));
    EXPECT_FLOAT_EQ(state.weight(0), float(2.0 * (1 - 1e-3 * 0.1)));
    const float gradient = 8, scaled = 2;
    State a = randomState(1), b = randomState(1);
    updateElements<AdamWMath>(a.arrays(&gradient, 0, 1), true, adamwConstants(spec, 2, 0.25f));
    updateElements<AdamWMath>(b.arrays(&scaled, 0, 1), true, adamwConstants(spec, 2, 1.0f));
    EXPECT_TRUE(a == b);
}

TEST(AdamW, NanStaysInItsElement) {
    std::vector<float> gradient = randomGradient(100, 4);
    State clean = randomState(100), state = randomState(100);
    const AdamWConstants constants = adamwConstants(training(), 2, 1.0f);
    updateElements<AdamWMath>(clean.arrays(gradient.data(), 0, 100), true, constants);
    gradient[50] = std::numeric_limits<float>::quiet_NaN();
    updateElements<AdamWMath>(state.arrays(gradient.data(), 0, 100), true, constants);
    EXPECT_TRUE(std::isnan(state.weight(50)) && std::isnan(state.moment1[50]) && std::isnan(state.moment2[50]));
    for (size_t i = 0; i < 100; ++i) {
        if (i != 50) {
            EXPECT_EQ(state.weight(i), clean.weight(i));
        }
    }
}

}  // namespace
}  // namespace gsst::test
