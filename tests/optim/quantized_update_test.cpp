// SPDX-License-Identifier: GPL-3.0-or-later
// The update with moments in 8 bits and with bf16 weights, on the arrays of one tensor.
#include "optim/adamw.h"
#include "optim/element_step.h"
#include "optim/schedule.h"
#include "optim_helpers.h"
#include "slow_update.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <set>
#include <string>

namespace gsst::test {
namespace {

constexpr size_t kCount = 20011;  // the last group is short

TrainSpec training() {
    TrainSpec spec;
    spec.warmupSteps = 4;
    spec.steps = 50;
    return spec;
}

/// Half the larger of the distances to the codes below and above; for the least code all of it, to which everything
/// small is rounded up.
double halfGap(float (*decode)(uint8_t, float), uint8_t code, int mostCode, float scale) {
    const int size = code & mostCode;
    const double here = double(std::abs(decode(code, scale)));
    const double above = size < mostCode ? double(decode(uint8_t(size + 1), scale)) - here : 0;
    const double below = size > 1 ? here - double(decode(uint8_t(size - 1), scale)) : 2 * here;
    return 0.5 * std::max(above, below);
}

class QuantizedUpdate : public testing::TestWithParam<StatePreset> {
protected:
    StatePreset preset = GetParam();
    QuantizedState start = coded(randomState(kCount));
    std::vector<float> gradient = randomGradient(kCount, 9);
    AdamWConstants constants = adamwConstants(training(), 7, 0.8f);

    QuantizedState slow() {
        QuantizedState state = start;
        slowUpdate<AdamWMath>(state.arrays(preset, gradient.data(), 0, kCount), constants.keep, constants);
        return state;
    }
};
INSTANTIATE_TEST_SUITE_P(Presets, QuantizedUpdate, testing::Values(StatePreset::Mixed, StatePreset::Lean),
                         [](const auto& each) { return std::string(nameOf(each.param)); });

TEST_P(QuantizedUpdate, BitsDoNotDependOnTheInstructionSet) {
    // First moments that have died away, and where nothing comes, second ones as well.
    for (size_t i = 0; i < kCount; i += 13) {
        start.codes1[i] = i % 2 ? 0x80 : 0;
        if (gradient[i] == 0)
            start.codes2[i] = 0;
    }
    const QuantizedState expected = slow();
    for (const CpuKernels& kernels : supportedCpuKernels()) {
        QuantizedState state = start;
        kernels.update<AdamWMath>().quantized(state.arrays(preset, gradient.data(), 0, kCount), constants.keep,
                                              constants);
        EXPECT_TRUE(state == expected) << kernels.name;
    }
    EXPECT_NE(std::find(expected.codes2.begin(), expected.codes2.end(), 0), expected.codes2.end());
    EXPECT_FALSE(start == expected);
    EXPECT_EQ(start.lo == expected.lo, preset == StatePreset::Lean);
}

/// Codes change their straight piece at the powers of ten: moments from a little below to a little above each of them,
/// and all over the range between, down to what is nearly nothing.
TEST_P(QuantizedUpdate, BitsDoNotDependOnTheInstructionSetAroundPowersOfTen) {
    std::fill(start.codes1.begin(), start.codes1.end(), uint8_t{0});
    std::fill(start.codes2.begin(), start.codes2.end(), uint8_t{0});
    for (size_t i = 0; i < kCount; ++i) {
        const size_t group = i / size_t(kScaleGroup), place = i % size_t(kScaleGroup);
        // The second moment is the square.
        const double exponent = group % 3 == 2 ? -5.0 * double(place) / 256 : -0.5 * double(place % 32);
        const double beside = (double(i % 61) - 30) * (group % 3 == 0 ? 0x1p-24 : 1e-3);
        gradient[i] = float((i % 2 ? 1 : -1) * (place == 0 ? 1.0 : std::pow(10.0, exponent) * (1 + beside)));
    }
    const QuantizedState expected = slow();
    std::set<uint8_t> codes(expected.codes2.begin(), expected.codes2.end());
    EXPECT_GT(codes.size(), 100u);
    for (const CpuKernels& kernels : supportedCpuKernels()) {
        QuantizedState state = start;
        kernels.update<AdamWMath>().quantized(state.arrays(preset, gradient.data(), 0, kCount), constants.keep,
                                              constants);
        EXPECT_TRUE(state == expected) << kernels.name;
    }
}

TEST_P(QuantizedUpdate, BitsDoNotDependOnTheInstructionSetForHugeWeights) {
    // The largest bf16 has the bits 0x7f7f. In group 2 all are finite, in the others some are not; group 1 is as usual.
    const float huge[] = {1e18f, 1e20f, -3.3e38f, std::bit_cast<float>(0x7f7f0000u), std::bit_cast<float>(0xff7effffu),
                          -1e30f};
    for (size_t i = 0; i < kCount; ++i)
        if (const size_t group = i / size_t(kScaleGroup); group % 8 == 2) {
            const float value = huge[i % 6];
            start.hi[i] = uint16_t(std::bit_cast<uint32_t>(value) >> 16);
            start.lo[i] = uint16_t(std::bit_cast<uint32_t>(value) & 0x7fffu);
        } else if (group % 8 == 5 && i % 19 == 0) {
            start.hi[i] = i % 2 ? 0x7f80 : 0xffc0;
        }
    constants.keep = 1;
    const QuantizedState expected = slow();
    for (const CpuKernels& kernels : supportedCpuKernels()) {
        QuantizedState state = start;
        EXPECT_FALSE(kernels.update<AdamWMath>().quantized(state.arrays(preset, gradient.data(), 0, kCount),
                                                           constants.keep, constants))
            << kernels.name;
        EXPECT_TRUE(state == expected) << kernels.name;
        QuantizedState group = start;
        EXPECT_TRUE(kernels.update<AdamWMath>().quantized(group.arrays(preset, gradient.data(), 512, 256),
                                                          constants.keep, constants))
            << kernels.name;
    }
}

TEST_P(QuantizedUpdate, BitsDoNotDependOnSplits) {
    const QuantizedState expected = slow();
    for (const size_t piece : {size_t{256}, size_t{1024}, size_t{4096}}) {
        QuantizedState split = start;
        for (size_t first = 0; first < kCount; first += piece)
            updateElements<AdamWMath>(split.arrays(preset, gradient.data(), first, std::min(piece, kCount - first)),
                                      true, constants);
        EXPECT_TRUE(split == expected) << piece;
    }
}

TEST_P(QuantizedUpdate, WritesComputeWeightsInTheSamePass) {
    const QuantizedState expected = slow();
    for (const CpuKernels& kernels : supportedCpuKernels()) {
        QuantizedState first = start, second = start;
        std::vector<float> fp32(kCount);
        std::vector<uint16_t> bf16(kCount);
        UpdateArrays arrays = first.arrays(preset, gradient.data(), 0, kCount);
        arrays.weightsFp32 = fp32.data();
        kernels.update<AdamWMath>().quantized(arrays, constants.keep, constants);
        arrays = second.arrays(preset, gradient.data(), 0, kCount);
        arrays.weightsBf16 = bf16.data();
        kernels.update<AdamWMath>().quantized(arrays, constants.keep, constants);
        EXPECT_TRUE(first == expected && second == expected) << kernels.name;
        EXPECT_EQ(bf16, expected.hi);
        for (size_t i = 0; i < kCount; ++i) {
            const uint16_t lo = preset == StatePreset::Lean ? uint16_t{0} : expected.lo[i];
            ASSERT_EQ(fp32[i], std::bit_cast<float>(joinHalves(expected.hi[i], lo)));
        }
    }
}

/// One step in double from what the state says, written from the paper; then the weight within fp32 rounding (Lean: one
/// of the two bf16 around it), and the moments within half the distance of the codes around them.
TEST_P(QuantizedUpdate, AgreesWithDoublePrecision) {
    const TrainSpec spec = training();
    const QuantizedState after = slow();
    const double rate = learningRate(spec, 7);
    for (size_t i = 0; i < kCount; ++i) {
        const size_t group = i / size_t(kScaleGroup);
        const uint16_t lo = preset == StatePreset::Lean ? uint16_t{0} : start.lo[i];
        const double weight = double(std::bit_cast<float>(joinHalves(start.hi[i], lo)));
        const double g = double(gradient[i]) * 0.8;
        const double m =
            spec.beta1 * double(decodeMoment1(start.codes1[i], start.scales1[group])) + (1 - spec.beta1) * g;
        const double v =
            spec.beta2 * double(decodeMoment2(start.codes2[i], start.scales2[group])) + (1 - spec.beta2) * g * g;
        const double mHat = m / (1 - std::pow(spec.beta1, 7)), vHat = v / (1 - std::pow(spec.beta2, 7));
        const double change = rate * mHat / (std::sqrt(vHat) + spec.epsilon);
        const double expected = weight * (1 - rate * spec.weightDecay) - change;
        const double tolerance = 1e-6 * (std::abs(weight) + std::abs(change));
        if (preset == StatePreset::Lean) {
            const double down = double(std::bit_cast<float>(uint32_t(after.hi[i] - 1) << 16));
            const double up = double(std::bit_cast<float>(uint32_t(after.hi[i] + 1) << 16));
            ASSERT_GE(std::abs(expected), std::abs(down) - tolerance);
            ASSERT_LE(std::abs(expected), std::abs(up) + tolerance);
        } else {
            ASSERT_NEAR(std::bit_cast<float>(joinHalves(after.hi[i], after.lo[i])), expected, tolerance);
        }
        const float scale1 = after.scales1[group], scale2 = after.scales2[group];
        ASSERT_NEAR(decodeMoment1(after.codes1[i], scale1), m,
                    halfGap(decodeMoment1, after.codes1[i], 127, scale1) + 1e-6 * double(scale1));
        ASSERT_NEAR(decodeMoment2(after.codes2[i], scale2), v,
                    halfGap(decodeMoment2, after.codes2[i], 255, scale2) + 1e-6 * v);
    }
}

TEST_P(QuantizedUpdate, NotFiniteShowsInItsGroup) {
    const QuantizedState clean = slow();
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})
        for (const CpuKernels& kernels : supportedCpuKernels()) {
            gradient[1000] = bad;
            QuantizedState state = start;
            kernels.update<AdamWMath>().quantized(state.arrays(preset, gradient.data(), 0, kCount), constants.keep,
                                                  constants);
            EXPECT_TRUE(std::isnan(state.scales1[3]) && std::isnan(state.scales2[3])) << kernels.name;
            EXPECT_TRUE(std::isnan(std::bit_cast<float>(uint32_t{state.hi[1000]} << 16))) << kernels.name;
            for (size_t i = 0; i < kCount; ++i) {
                const bool hit = i / size_t(kScaleGroup) == 3;
                ASSERT_EQ(state.codes1[i], hit ? 0 : clean.codes1[i]);
                ASSERT_EQ(state.codes2[i], hit ? 0 : clean.codes2[i]);
                if (i != 1000) {
                    ASSERT_EQ(state.hi[i], clean.hi[i]) << i;
                }
            }
        }
}

TEST_P(QuantizedUpdate, ASecondMomentThatOverflowsShowsInItsGroup) {
    gradient[1000] = 1e25f;  // nothing but its square is too large: the weight stays finite
    const QuantizedState expected = slow();
    for (const CpuKernels& kernels : supportedCpuKernels()) {
        QuantizedState state = start;
        EXPECT_FALSE(kernels.update<AdamWMath>().quantized(state.arrays(preset, gradient.data(), 0, kCount),
                                                           constants.keep, constants))
            << kernels.name;
        EXPECT_TRUE(std::isnan(state.scales2[3])) << kernels.name;
        EXPECT_EQ(state.scales1, expected.scales1) << kernels.name;
        EXPECT_TRUE(state.hi == expected.hi && state.codes1 == expected.codes1 && state.codes2 == expected.codes2)
            << kernels.name;
    }
}

TEST_P(QuantizedUpdate, TinyGradientsStaySafe) {
    // Second moments that are denormal or underflow, beside first moments that do not: no weight may jump.
    TrainSpec spec = training();
    spec.epsilon = 1e-30;
    QuantizedState state = coded(State(kCount));
    for (int64_t step = 1; step <= 5; ++step) {
        for (size_t i = 0; i < kCount; ++i)
            gradient[i] = float(std::pow(10.0, -double(i % 22)));
        updateElements<AdamWMath>(state.arrays(preset, gradient.data(), 0, kCount), true,
                                  adamwConstants(spec, step, 1.0f));
    }
    for (size_t i = 0; i < kCount; ++i)
        ASSERT_LE(std::abs(std::bit_cast<float>(uint32_t{state.hi[i]} << 16)), 5.5 * spec.learningRate) << i % 22;
}

TEST(LeanUpdate, RandomBitsAreThoseOfTheStream) {
    std::set<uint16_t> seen;
    for (const RoundingKey& key : {RoundingKey{1, 1, 0}, RoundingKey{2, 1, 0}, RoundingKey{1, 2, 0},
                                   RoundingKey{1, 1, 1}, RoundingKey{uint64_t(1) << 63, int64_t(1) << 31, 9000}})
        for (const int64_t element : {int64_t{0}, int64_t{1}, int64_t{32}, int64_t{256}, int64_t{1} << 35})
            seen.insert(slowRandom(key, element));
    EXPECT_EQ(seen.size(), 25u) << "each part of the key counts";
}

TEST(LeanUpdate, TheMeanOverStepsIsTheValue) {
    // Weights between two bf16 are pulled by nothing but decay; the mean of the rounded ones must be the fp32 result.
    constexpr size_t kElements = 4096;
    constexpr int kSteps = 400;
    TrainSpec spec = training();
    spec.warmupSteps = 0;
    spec.schedule = ScheduleKind::Constant;
    const QuantizedState start = coded(randomState(kElements));
    const std::vector<float> gradient(kElements, 0.0f);
    AdamWConstants constants = adamwConstants(spec, 1, 1.0f);
    constants.stepSize = 0;
    std::vector<double> sums(kElements);
    for (int step = 0; step < kSteps; ++step) {
        QuantizedState state = start;
        UpdateArrays arrays = state.arrays(StatePreset::Lean, gradient.data(), 0, kElements);
        arrays.rounding.step = step + 1;
        updateElements<AdamWMath>(arrays, true, constants);
        for (size_t i = 0; i < kElements; ++i)
            sums[i] += double(std::bit_cast<float>(uint32_t{state.hi[i]} << 16));
    }
    double bias = 0, variance = 0;
    for (size_t i = 0; i < kElements; ++i) {
        const double exact = double(std::bit_cast<float>(uint32_t{start.hi[i]} << 16) * constants.keep);
        const double unit = std::abs(exact) / 128;  // at least the distance of two bf16
        const double error = (sums[i] / kSteps - exact) / unit;
        ASSERT_LE(std::abs(error), 6 * 0.5 / std::sqrt(double(kSteps))) << i;
        bias += error;
        variance += 0.25 / kSteps;
    }
    EXPECT_LE(std::abs(bias), 4 * std::sqrt(variance));
}

}  // namespace
}  // namespace gsst::test
