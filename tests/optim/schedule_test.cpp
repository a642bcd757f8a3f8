// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/schedule.h"

#include <gtest/gtest.h>

#include <cmath>

namespace gsst {
namespace {

TrainSpec spec() {
    TrainSpec training;
    training.steps = 600;
    training.warmupSteps = 100;
    training.learningRate = 6e-4;
    training.minLearningRate = 6e-5;
    return training;
}

/// As nanoGPT's train.py has it, with iterations counted from the same point.
double nanoGpt(const TrainSpec& training, int64_t iteration) {
    const double warmup = double(training.warmupSteps), last = double(training.steps);
    if (double(iteration) > last)
        return training.minLearningRate;
    const double ratio = (double(iteration) - warmup) / (last - warmup);
    const double coefficient = 0.5 * (1.0 + std::cos(M_PI * ratio));
    return training.minLearningRate + coefficient * (training.learningRate - training.minLearningRate);
}

TEST(Schedule, WarmsUpLinearly) {
    EXPECT_DOUBLE_EQ(learningRate(spec(), 1), 6e-6);
    EXPECT_DOUBLE_EQ(learningRate(spec(), 50), 3e-4);
    EXPECT_DOUBLE_EQ(learningRate(spec(), 100), 6e-4);
}

TEST(Schedule, CosineIsThatOfNanoGpt) {
    for (int64_t step = 101; step <= 620; ++step)
        ASSERT_NEAR(learningRate(spec(), step), nanoGpt(spec(), step), 1e-15) << step;
    EXPECT_DOUBLE_EQ(learningRate(spec(), 350), (6e-4 + 6e-5) / 2);
    EXPECT_DOUBLE_EQ(learningRate(spec(), 600), 6e-5);
    EXPECT_DOUBLE_EQ(learningRate(spec(), 100000), 6e-5);
}

TEST(Schedule, ConstantStays) {
    TrainSpec training = spec();
    training.schedule = ScheduleKind::Constant;
    EXPECT_DOUBLE_EQ(learningRate(training, 99), 6e-4 * 0.99);
    EXPECT_DOUBLE_EQ(learningRate(training, 101), 6e-4);
    EXPECT_DOUBLE_EQ(learningRate(training, 100000), 6e-4);
}

TEST(Schedule, EdgesAreFinite) {
    TrainSpec training = spec();
    training.warmupSteps = 0;
    EXPECT_NEAR(learningRate(training, 1), 6e-4, 1e-8);
    training.warmupSteps = training.steps = 10;
    EXPECT_DOUBLE_EQ(learningRate(training, 10), 6e-4);
    EXPECT_DOUBLE_EQ(learningRate(training, 11), 6e-5);
    training.warmupSteps = 20;
    EXPECT_DOUBLE_EQ(learningRate(training, 10), 3e-4);
}

}  // namespace
}  // namespace gsst
