// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/outlier_watch.h"

#include "optim/kernels/moment_code.h"
#include "optim/optimizer.h"
#include "optim/schedule.h"
#include "train/clipping.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace gsst {
namespace {

/// Losses around 2 and norms around 1, spread by about a tenth of that.
RecentSteps usualSteps(int count) {
    RecentSteps recent;
    for (int i = 0; i < count; ++i)
        recent.add(2.0f + 0.02f * float(i * 7 % 11 - 5), 1.0f + 0.01f * float(i * 5 % 13 - 6));
    return recent;
}

StepVerdict judge(const RecentSteps& recent, double loss, double norm, OutlierAction action = OutlierAction::Report,
                  double sigmas = 8) {
    TrainSpec training;
    training.outlierSigmas = sigmas;
    training.outlierAction = action;
    return OutlierWatch(training)(recent, loss, norm);
}

TEST(OutlierWatch, MedianAndSpreadOfKnownValues) {
    const std::vector<float> odd{5, 1, 2, 4, 3};
    const Deviation of = OutlierWatch::deviation(odd, 6);
    EXPECT_EQ(of.value, 6);
    EXPECT_EQ(of.usual, 3);
    EXPECT_DOUBLE_EQ(of.sigma, 1.4826);  // deviations 2 2 1 1 0
    EXPECT_DOUBLE_EQ(of.sigmas(), 3 / 1.4826);
    const std::vector<float> even{1, 2, 4, 9};
    EXPECT_EQ(OutlierWatch::deviation(even, 0).usual, 3);
    EXPECT_DOUBLE_EQ(OutlierWatch::deviation(even, 0).sigma, 1.4826 * 1.5);  // deviations 2 1 1 6
    const std::vector<float> still(7, 4.0f);
    EXPECT_DOUBLE_EQ(OutlierWatch::deviation(still, 4).sigma, 0.04) << "not zero";
}

TEST(OutlierWatch, FindsSpikesOfLossAndOfNorm) {
    const RecentSteps recent = usualSteps(100);
    EXPECT_EQ(judge(recent, 2.1, 1.06).fault, StepFault::None);
    EXPECT_EQ(judge(recent, 3.0, 1.0).fault, StepFault::Outlier);
    EXPECT_EQ(judge(recent, 2.0, 2.0).fault, StepFault::Outlier);
    const StepVerdict verdict = judge(recent, 3.0, 1.0);
    EXPECT_EQ(verdict.effect, StepEffect::Applied);
    EXPECT_EQ(verdict.loss.value, 3.0);
    EXPECT_NEAR(verdict.loss.usual, 2.0, 0.02);
    EXPECT_GT(verdict.loss.sigmas(), 8);
    EXPECT_LT(std::abs(verdict.norm.sigmas()), 2);
    EXPECT_EQ(judge(recent, 3.0, 1.0, OutlierAction::Skip).effect, StepEffect::Skipped);
    EXPECT_EQ(judge(recent, 2.1, 1.06, OutlierAction::Skip).effect, StepEffect::Applied);
}

TEST(OutlierWatch, LooksUpwardsOnly) {
    EXPECT_EQ(judge(usualSteps(100), 0.1, 0.001).fault, StepFault::None);
}

TEST(OutlierWatch, NeedsEnoughSteps) {
    EXPECT_EQ(judge(usualSteps(OutlierWatch::kFewest - 1), 50, 50).fault, StepFault::None);
    EXPECT_EQ(judge(usualSteps(OutlierWatch::kFewest), 50, 50).fault, StepFault::Outlier);
    EXPECT_EQ(judge({}, 50, 50).fault, StepFault::None);
}

TEST(OutlierWatch, CanBeTurnedOff) {
    EXPECT_EQ(judge(usualSteps(100), 1e30, 1e30, OutlierAction::Skip, 0).fault, StepFault::None);
}

TEST(OutlierWatch, IsNotBlindedByOutliersAmongTheRecentSteps) {
    RecentSteps recent = usualSteps(100);
    for (int i = 0; i < 20; ++i)
        recent.add(40.0f, 90.0f);
    EXPECT_EQ(judge(recent, 3.0, 1.0).fault, StepFault::Outlier);
}

TEST(OutlierWatch, GetsUsedToANewLevel) {
    RecentSteps recent = usualSteps(RecentSteps::kMost);
    int reported = 0;
    for (int i = 0; i < RecentSteps::kMost; ++i) {
        const float loss = 3.0f + 0.02f * float(i * 7 % 11 - 5);
        reported += judge(recent, double(loss), 1.0).fault == StepFault::Outlier ? 1 : 0;
        recent.add(loss, 1.0f);
    }
    EXPECT_GT(reported, RecentSteps::kMost / 4);
    EXPECT_LE(reported, RecentSteps::kMost / 2 + 1);
}

TEST(RecentSteps, KeepTheNewestFirst) {
    RecentSteps recent;
    for (int i = 0; i < RecentSteps::kMost + 5; ++i)
        recent.add(float(i), float(-i));
    EXPECT_EQ(recent.count, RecentSteps::kMost);
    for (int i = 0; i < RecentSteps::kMost; ++i) {
        EXPECT_EQ(recent.losses[size_t(i)], float(RecentSteps::kMost + 4 - i));
        EXPECT_EQ(recent.norms[size_t(i)], -recent.losses[size_t(i)]);
    }
}

double largestGradient(const TrainSpec& training) {
    return optimizerOf(training.optimizer).largestGradient(training);
}

/// State of one element, driven with the largest gradients that are let through.
class LargestGradient : public testing::TestWithParam<StatePreset> {
protected:
    /// Whether many updates stay finite. Signs alternate after `phase` steps, so that moments oppose gradients.
    bool staysFinite(const TrainSpec& training, float gradient, int phase) {
        uint16_t hi = 0x3c00, lo = 0;
        float moment1 = 0, moment2 = 0, scale1 = 0, scale2 = 0;
        uint8_t code1 = 0, code2 = 0;
        UpdateArrays arrays;
        arrays.hi = &hi;
        arrays.lo = GetParam() == StatePreset::Lean ? nullptr : &lo;
        if (GetParam() == StatePreset::Exact) {
            arrays.moment1 = &moment1;
            arrays.moment2 = &moment2;
        } else {
            arrays.quantized1 = {&code1, &scale1};
            arrays.quantized2 = {&code2, &scale2};
        }
        arrays.count = 1;
        for (int64_t step = 1; step <= 40; ++step) {
            // A large one, then nothing for a while: first moments outlive second ones of a small beta2.
            const float given = step % 3 == 0 ? 0.0f : step / phase % 2 == 0 ? gradient : -gradient;
            arrays.gradient = &given;
            arrays.rounding = {1, step, 0};
            if (!optimizerOf(training.optimizer).step(training, step, 1.0f)->update(arrays, false))
                return false;
        }
        return true;
    }
};
INSTANTIATE_TEST_SUITE_P(Presets, LargestGradient,
                         testing::Values(StatePreset::Exact, StatePreset::Mixed, StatePreset::Lean),
                         [](const auto& each) { return std::string(nameOf(each.param)); });

TEST_P(LargestGradient, IsSafeForEveryRecipe) {
    for (double learningRate : {1e-5, 1e-2, 100.0})
        for (double beta1 : {0.0, 0.9, 0.999999})
            for (double beta2 : {0.0, 0.5, 0.99, 0.999999})
                for (double epsilon : {1e-30, 1e-8, 1.0})
                    for (int phase : {1, 4, 100}) {
                        TrainSpec training;
                        training.learningRate = learningRate;
                        training.schedule = ScheduleKind::Constant;
                        training.warmupSteps = 0;
                        training.beta1 = beta1;
                        training.beta2 = beta2;
                        training.epsilon = epsilon;
                        ASSERT_TRUE(staysFinite(training, float(largestGradient(training)), phase))
                            << learningRate << ' ' << beta1 << ' ' << beta2 << ' ' << epsilon << ' ' << phase;
                    }
}

TEST_P(LargestGradient, IsNotFarFromWhatOverflows) {
    TrainSpec training;
    training.warmupSteps = 0;
    EXPECT_FALSE(staysFinite(training, 1e3f * float(largestGradient(training)), 4));
}

TEST(Clipping, LeavesRoomForEveryGradientThatItClips) {
    for (ClipKind kind : {ClipKind::Global, ClipKind::PreviousNorm, ClipKind::PerUnit}) {
        TrainSpec training;
        training.clip = kind;
        const ClipFunctions clip = clipFunctions(training, 4);
        EXPECT_EQ(clip.largestNorm, largestGradient(training));
        EXPECT_GT(clip.largestNorm, 1e9) << "the largest bound of a recipe";
    }
}

}  // namespace
}  // namespace gsst
