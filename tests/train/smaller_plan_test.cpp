// SPDX-License-Identifier: GPL-3.0-or-later
#include "replan_fixture.h"

#include "train/planned_step_time.h"

namespace gsst::test {
namespace {

using SmallerPlans = Replanning;

TEST_F(SmallerPlans, TooLittleRamKeepsTheMicroBatch) {
    RunRequest asked = request("run", kInRam);
    asked.spec.model.width = 256;  // so much state that some of it can go to disk
    asked.spec.model.ffnWidth = 512;
    asked.spec.budget.residency = ResidencyChoice::Auto;
    asked.spec.budget.ramBytes = int64_t{1} << 30;
    auto run = made(asked);
    const auto smaller = planSmaller(*run, {Tier::Ram, 100, 90});
    ASSERT_TRUE(smaller.ok()) << smaller.error().text();
    const int64_t program = run->planned.plan.programBytes;
    EXPECT_LE(smaller->plan.ramPeak - program, int64_t(0.9 * double(run->planned.plan.ramPeak - program)));
    EXPECT_TRUE(smaller->plan.stateOnDisk);
    EXPECT_EQ(smaller->plan.ramLimit, run->planned.plan.ramLimit);
    EXPECT_EQ(smaller->plan.microBatch, 4);
    EXPECT_EQ(smaller->ceilings.deviceBytes, 0);
}

/// Other programs take the processor: the plan stays, and a step takes longer, but never by more than they take.
TEST_F(SmallerPlans, TheTimeOfAStepIsPlannedAgainAndNothingElse) {
    auto run = made(request("run", kInRam));
    const double alone = run->planned.plan.step.seconds;
    EXPECT_EQ(plannedSeconds(*run, {0, 1}), alone);
    const double half = plannedSeconds(*run, {1, 0.5}), tenth = plannedSeconds(*run, {1.8, 0.1});
    EXPECT_GT(half, 1.05 * alone);
    EXPECT_LT(half, 2.01 * alone);
    EXPECT_GT(tenth, 1.5 * half);
    EXPECT_EQ(run->planned.plan.step.seconds, alone);
    EXPECT_NE(sentenceOf({1.04, 0.5}, alone, half).find("Other programs keep 1.0 processor cores busy"),
              std::string::npos);
    EXPECT_NE(sentenceOf({0, 1}, half, alone).find("free of other programs again"), std::string::npos);
}

TEST_F(SmallerPlans, TheNextMicroBatchIsTheNextDivisor) {
    RunRequest asked = request("run", kOnDisk);
    asked.spec.training.sequencesPerStep = 18;
    asked.spec.training.microBatch = 9;
    auto run = made(asked);
    for (int64_t expected : {3, 1, 1}) {
        const int64_t peak = run->planned.plan.devicePeak;
        auto smaller = planSmaller(*run, {Tier::Device, peak, peak - 1});
        ASSERT_TRUE(smaller.ok()) << smaller.error().text();
        EXPECT_EQ(smaller->plan.microBatch, expected);
        EXPECT_LT(smaller->plan.devicePeak, peak);
        EXPECT_LE(double(smaller->plan.devicePeak),
                  run->planned.plan.microBatch > 1 ? double(peak) : 0.9 * double(peak));
        run->planned.adopt(smaller->plan);
        noteReplan(*run, smaller->ceilings);
    }
    ASSERT_EQ(run->record.replans.size(), 1u) << "no step came between";
    EXPECT_EQ(run->record.replans[0].microBatchBefore, 9);
    EXPECT_TRUE(dateReplans(run->record, 4));
    EXPECT_EQ(run->record.replans[0].firstStep, 5);
    EXPECT_FALSE(dateReplans(run->record, 7)) << "steps that were computed are history";
    EXPECT_TRUE(dateReplans(run->record, 2)) << "steps that are done again are not";
    EXPECT_EQ(run->record.replans[0].firstStep, 3);
}

TEST_F(SmallerPlans, ExpectTheNextPredictionToBeAsWrongAsTheLast) {
    auto run = made(request("run", kOnDisk));
    const int64_t peak = run->planned.plan.devicePeak;
    // Half as much again as it said, where there was a fifth more than it said.
    const auto smaller = planSmaller(*run, {Tier::Device, peak * 3 / 2, peak * 6 / 5});
    ASSERT_TRUE(smaller.ok()) << smaller.error().text();
    EXPECT_EQ(smaller->ceilings.deviceBytes, int64_t(double(peak * 6 / 5) / (double(peak * 3 / 2) / double(peak))));
    EXPECT_LE(smaller->plan.devicePeak, peak * 4 / 5);
    EXPECT_EQ(smaller->plan.deviceLimit, run->planned.plan.deviceLimit);
}

TEST_F(SmallerPlans, NoneIsAnErrorThatNamesTheLeast) {
    auto run = made(request("run", kOnDisk));
    const int64_t least = smallestDeviceLimit(run->record.spec, *run->table);
    const auto none = planSmaller(*run, {Tier::Device, run->planned.plan.devicePeak, least - 1});
    ASSERT_FALSE(none.ok());
    EXPECT_EQ(none.error().code, ErrorCode::OutOfMemory);
    EXPECT_NE(none.error().todo.find("--vram 1MiB"), std::string::npos) << none.error().text();
    const auto some = planSmaller(*run, {Tier::Device, run->planned.plan.devicePeak, least});
    ASSERT_TRUE(some.ok()) << some.error().text();
    EXPECT_LE(some->plan.devicePeak, least);
}

TEST_F(SmallerPlans, WithoutALimitOfItsOwnTheDeviceSharesTheRam) {
    RunRequest asked = request("run", kOnDisk);
    asked.spec.budget.deviceBytes = 0;
    asked.spec.budget.ramBytes = int64_t{1} << 30;
    auto run = made(asked);
    const auto smaller =
        planSmaller(*run, {Tier::Device, run->planned.plan.devicePeak, run->planned.plan.devicePeak / 2});
    ASSERT_TRUE(smaller.ok()) << smaller.error().text();
    EXPECT_LE(smaller->plan.devicePeak, run->planned.plan.devicePeak / 2);
    EXPECT_LE(smaller->plan.devicePeak + smaller->plan.ramPeak, int64_t{1} << 30);
    EXPECT_EQ(smaller->plan.deviceLimit, 0);
    EXPECT_EQ(smaller->plan.ramLimit, int64_t{1} << 30);
}

}  // namespace
}  // namespace gsst::test
