// SPDX-License-Identifier: GPL-3.0-or-later
// Lion on the arrays of one tensor, with every kind of state.
#include "optim/lion.h"

#include "optim/element_step.h"
#include "optim/schedule.h"
#include "optim_helpers.h"
#include "slow_update.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>

namespace gsst::test {
namespace {

constexpr size_t kCount = 20011;  // the last group is short

TrainSpec training() {
    TrainSpec spec;
    setOptimizer(spec, OptimizerKind::Lion);
    spec.warmupSteps = 4;
    spec.steps = 50;
    return spec;
}

/// There are no second moments.
UpdateArrays withOneMoment(UpdateArrays arrays) {
    arrays.moment2 = nullptr;
    arrays.quantized2 = {};
    return arrays;
}

/// The update in double, written from the paper (algorithm 2), not from the kernel.
struct Reference {
    double weight = 0, m = 0, largest = 0;  ///< `largest`: gradient
    /// Returns the size of the blend over that of its terms: near zero its sign is left to the rounding.
    double step(double g, double lr, double decay, const TrainSpec& spec) {
        const double blend = spec.beta1 * m + (1 - spec.beta1) * g;
        const double terms = std::abs(spec.beta1 * m) + std::abs((1 - spec.beta1) * g);
        m = spec.beta2 * m + (1 - spec.beta2) * g;
        largest = std::max(largest, std::abs(g));
        weight -= lr * ((blend > 0 ? 1.0 : blend < 0 ? -1.0 : 0.0) + decay * weight);
        return terms == 0 ? 1 : std::abs(blend) / terms;
    }
};

TEST(Lion, AgreesWithDoublePrecision) {
    for (const bool decay : {true, false}) {
        const TrainSpec spec = training();
        State state = randomState(kCount);
        std::vector<Reference> references;
        std::vector<bool> unsure(kCount);
        for (size_t i = 0; i < kCount; ++i) {
            state.moment1[i] = 0;
            references.push_back({double(state.weight(i)), 0, 0});
        }
        for (int64_t step = 1; step <= 10; ++step) {
            const auto gradient = randomGradient(kCount, uint64_t(100 + step));
            const float scale = step % 2 ? 1.0f : 0.37f;
            updateElements<LionMath>(withOneMoment(state.arrays(gradient.data(), 0, kCount)), decay,
                                     lionConstants(spec, step, scale));
            for (size_t i = 0; i < kCount; ++i) {
                const double sure = references[i].step(double(gradient[i]) * double(scale), learningRate(spec, step),
                                                       decay ? spec.weightDecay : 0.0, spec);
                unsure[i] = unsure[i] || sure < 1e-6;
                ASSERT_NEAR(state.moment1[i], references[i].m, 1e-7 * references[i].largest);
                if (!unsure[i]) {
                    ASSERT_NEAR(state.weight(i), references[i].weight, 2e-6 * std::abs(references[i].weight) + 1e-8)
                        << i << " step " << step;
                }
            }
        }
        EXPECT_LT(std::count(unsure.begin(), unsure.end(), true), 10);
    }
}

/// Float operations one after the other, not from the kernel either. A barrier keeps them from being vectorised.
TEST(Lion, HasTheBitsOfAPlainLoop) {
    const State start = randomState(kCount);
    const auto gradient = randomGradient(kCount, 9);
    const LionConstants c = lionConstants(training(), 7, 0.8f);
    State expected = start;
    for (size_t i = 0; i < kCount; ++i) {
        const float g = gradient[i] * c.gradientScale;
        const float blend = expected.moment1[i] * c.beta1 + g * c.beta1Rest;
        float weight = expected.weight(i) * c.keep;
        if (blend > 0)
            weight -= c.stepSize;
        else if (blend < 0)
            weight += c.stepSize;
        expected.setWeight(i, weight);
        expected.moment1[i] = expected.moment1[i] * c.beta2 + g * c.beta2Rest;
        asm volatile("" ::: "memory");
    }
    for (const CpuKernels& kernels : supportedCpuKernels()) {
        State state = start;
        EXPECT_TRUE(
            kernels.update<LionMath>().plain(withOneMoment(state.arrays(gradient.data(), 0, kCount)), c.keep, c))
            << kernels.name;
        EXPECT_TRUE(state == expected) << kernels.name;
    }
}

TEST(Lion, ZeroIsNoDirection) {
    State state(3);
    const float gradient[] = {0.0f, -0.0f, 1e-30f};
    for (size_t i = 0; i < 3; ++i)
        state.setWeight(i, 0.5f);
    LionConstants constants = lionConstants(training(), 40, 1.0f);
    updateElements<LionMath>(withOneMoment(state.arrays(gradient, 0, 3)), false, constants);
    EXPECT_EQ(state.weight(0), 0.5f);
    EXPECT_EQ(state.weight(1), 0.5f);
    EXPECT_EQ(state.weight(2), 0.5f - constants.stepSize) << "however small it is";
}

TEST(Lion, LearningRateIsTheStepAndDecayIsDecoupled) {
    TrainSpec spec = training();
    spec.schedule = ScheduleKind::Constant;
    spec.warmupSteps = 0;
    const LionConstants constants = lionConstants(spec, 1, 1.0f);
    EXPECT_EQ(constants.stepSize, float(spec.learningRate)) << "no correction of the first steps";
    EXPECT_EQ(constants.keep, float(1.0 - spec.learningRate * spec.weightDecay));
}

class LionQuantizedUpdate : public testing::TestWithParam<StatePreset> {
protected:
    StatePreset preset = GetParam();
    QuantizedState start = coded(randomState(kCount));
    std::vector<float> gradient = randomGradient(kCount, 9);
    LionConstants constants = lionConstants(training(), 7, 0.8f);

    UpdateArrays arrays(QuantizedState& state, size_t first, size_t count) {
        return withOneMoment(state.arrays(preset, gradient.data(), first, count));
    }
    QuantizedState slow() {
        QuantizedState state = start;
        slowUpdate<LionMath>(arrays(state, 0, kCount), constants.keep, constants);
        return state;
    }
};
INSTANTIATE_TEST_SUITE_P(Presets, LionQuantizedUpdate, testing::Values(StatePreset::Mixed, StatePreset::Lean),
                         [](const auto& each) { return std::string(nameOf(each.param)); });

TEST_P(LionQuantizedUpdate, BitsDoNotDependOnTheInstructionSet) {
    for (size_t i = 0; i < kCount; i += 13)
        start.codes1[i] = i % 2 ? 0x80 : 0;  // moments that have died away
    const QuantizedState expected = slow();
    EXPECT_FALSE(expected == start);
    EXPECT_TRUE(expected.codes2 == start.codes2 && expected.scales2 == start.scales2) << "nobody's";
    for (const CpuKernels& kernels : supportedCpuKernels()) {
        QuantizedState state = start;
        EXPECT_TRUE(kernels.update<LionMath>().quantized(arrays(state, 0, kCount), constants.keep, constants));
        EXPECT_TRUE(state == expected) << kernels.name;
    }
}

TEST_P(LionQuantizedUpdate, FollowsTheExactOne) {
    State exact = randomState(kCount);
    QuantizedState state = start;
    for (size_t i = 0; i < kCount; ++i)
        exact.moment1[i] = decodeMoment1(start.codes1[i], start.scales1[i / size_t(kScaleGroup)]);
    updateElements<LionMath>(withOneMoment(exact.arrays(gradient.data(), 0, kCount)), true, constants);
    updateElements<LionMath>(arrays(state, 0, kCount), true, constants);
    size_t differ = 0;
    for (size_t i = 0; i < kCount; ++i) {
        const float weight =
            std::bit_cast<float>(joinHalves(state.hi[i], preset == StatePreset::Lean ? uint16_t{0} : state.lo[i]));
        const float bf16Step = preset == StatePreset::Lean ? std::abs(exact.weight(i)) / 64 + 1e-6f : 0.0f;
        differ += std::abs(weight - exact.weight(i)) > bf16Step + 1e-7f;
        const float scale = state.scales1[i / size_t(kScaleGroup)];
        ASSERT_NEAR(decodeMoment1(state.codes1[i], scale), exact.moment1[i], 0.008 * scale) << i;
    }
    EXPECT_LT(differ, 5u) << "but for signs of what is nearly zero";
}

TEST_P(LionQuantizedUpdate, DoesNotDependOnHowATensorIsSplit) {
    const QuantizedState expected = slow();
    QuantizedState split = start;
    for (size_t first = 0; first < kCount; first += 768)
        updateElements<LionMath>(arrays(split, first, std::min<size_t>(768, kCount - first)), true, constants);
    EXPECT_TRUE(split == expected);
}

TEST_P(LionQuantizedUpdate, TellsWhatIsNotFinite) {
    const float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
    const std::function<void(QuantizedState&)> spoils[] = {
        [&](QuantizedState&) { gradient[700] = -infinity; }, [&](QuantizedState&) { gradient[700] = nan; },
        [&](QuantizedState& state) { state.scales1[2] = nan; }, [&](QuantizedState& state) { state.hi[700] = 0x7f80; }};
    for (const CpuKernels& kernels : supportedCpuKernels())
        for (const auto& spoil : spoils) {
            const std::vector<float> before = gradient;
            QuantizedState state = start;
            spoil(state);
            EXPECT_FALSE(kernels.update<LionMath>().quantized(arrays(state, 0, kCount), constants.keep, constants))
                << kernels.name;
            gradient = before;
        }
}

/// A gradient that is not finite leaves a finite weight: only the moment tells of it.
TEST(Lion, TellsOfAMomentThatIsNotFinite) {
    const LionConstants constants = lionConstants(training(), 7, 1.0f);
    for (const CpuKernels& kernels : supportedCpuKernels())
        for (const float value : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
            State state = randomState(kCount);
            std::vector<float> gradient = randomGradient(kCount, 3);
            const auto update = [&] {
                return kernels.update<LionMath>().plain(withOneMoment(state.arrays(gradient.data(), 0, kCount)),
                                                        constants.keep, constants);
            };
            EXPECT_TRUE(update()) << kernels.name;
            gradient[kCount - 1] = value;
            EXPECT_FALSE(update()) << kernels.name;
        }
}

}  // namespace
}  // namespace gsst::test
