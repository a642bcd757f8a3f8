// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/squared_norm.h"
#include "optim_helpers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace gsst::test {
namespace {

/// The definition: sixteen lanes, added in order.
double byDefinition(const std::vector<float>& values, size_t count) {
    double lanes[16] = {};
    for (size_t i = 0; i < count; ++i)
        lanes[i % 16] += double(values[i]) * double(values[i]);
    double sum = 0;
    for (double lane : lanes)
        sum += lane;
    return sum;
}

TEST(SquaredNorm, BitsDoNotDependOnTheInstructionSet) {
    const std::vector<float> values = randomGradient(65536, 1);
    for (size_t count :
         {size_t{0}, size_t{1}, size_t{15}, size_t{16}, size_t{17}, size_t{1000}, size_t{65535}, size_t{65536}})
        for (const CpuKernels& kernels : supportedCpuKernels())
            EXPECT_EQ(kernels.squaredNorm(values.data(), int64_t(count)), byDefinition(values, count))
                << kernels.name << " " << count;
}

TEST(SquaredNorm, PaddingChangesNothing) {
    std::vector<float> values = randomGradient(4099, 2);
    const double before = squaredNorm(values.data(), 4099);
    values.resize(6144);
    EXPECT_EQ(squaredNorm(values.data(), 6144), before);
}

TEST(SquaredNorm, IsTheSumOfSquares) {
    const std::vector<float> values = randomGradient(65536, 3);
    long double sum = 0;
    for (float value : values)
        sum += static_cast<long double>(value) * static_cast<long double>(value);
    EXPECT_NEAR(squaredNorm(values.data(), 65536), double(sum), 1e-14 * double(sum));
    const double blocks[] = {9.0, 16.0};
    EXPECT_EQ(totalNorm(blocks), 5.0);
    EXPECT_EQ(totalNorm({}), 0.0);
}

TEST(SquaredNorm, NotFiniteShowsThrough) {
    std::vector<float> values(100, 1.0f);
    values[77] = std::numeric_limits<float>::infinity();
    EXPECT_TRUE(std::isinf(squaredNorm(values.data(), 100)));
    values[3] = std::numeric_limits<float>::quiet_NaN();
    const double norm = squaredNorm(values.data(), 100);
    EXPECT_TRUE(std::isnan(norm));
    EXPECT_TRUE(std::isnan(totalNorm({&norm, 1})));
    EXPECT_TRUE(std::isnan(clipFactor(norm, 1.0)));
}

TEST(SquaredNorm, LargeAndSmallValuesDoNotOverflow) {
    const std::vector<float> values(1000, 3e38f);
    EXPECT_TRUE(std::isfinite(squaredNorm(values.data(), 1000)));
    const float tiny = 1e-30f;
    EXPECT_GT(squaredNorm(&tiny, 1), 0.0);
}

TEST(ClipFactor, FollowsTorch) {
    EXPECT_EQ(clipFactor(0.5, 1.0), 1.0f);
    EXPECT_EQ(clipFactor(0.0, 1.0), 1.0f);
    EXPECT_EQ(clipFactor(100.0, 0.0), 1.0f);
    EXPECT_FLOAT_EQ(clipFactor(4.0, 1.0), 0.25f);
    EXPECT_LT(clipFactor(1.0, 1.0), 1.0f) << "the 1e-6 below the line";
    EXPECT_EQ(clipFactor(std::numeric_limits<double>::infinity(), 1.0), 0.0f);
}

}  // namespace
}  // namespace gsst::test
