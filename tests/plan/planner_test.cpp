// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/planner.h"

#include <gtest/gtest.h>

namespace gsst {
namespace {

constexpr int64_t kGiB = int64_t(1) << 30;

RunSpec spec() {
    RunSpec run;
    run.model.family = Family::Llama;
    run.model.layers = 8;
    run.model.width = 512;
    run.model.heads = 8;
    run.model.kvHeads = 8;
    run.model.ffnWidth = 1536;
    run.model.vocabulary = 8000;
    run.model.context = 512;
    run.training.sequenceLength = 512;
    run.training.sequencesPerStep = 8;
    run.training.microBatch = 4;
    run.training.precision = Precision::Bf16;
    return run;
}

TEST(Planner, KeepsStateInRamWhenItFits) {
    const RunSpec run = spec();
    const TensorTable table(run.model);
    auto plan = makePlan(run, table, {}, {0, 16 * kGiB, 100 * kGiB});
    ASSERT_TRUE(plan.ok()) << plan.error().text();
    EXPECT_FALSE(plan->stateOnDisk);
    EXPECT_EQ(plan->step.readBytes, 0);
    plan = makePlan(run, table, {}, {0, table.paddedParameters() * 8, 100 * kGiB});
    ASSERT_TRUE(plan.ok()) << plan.error().text();
    EXPECT_TRUE(plan->stateOnDisk);
    EXPECT_GT(plan->step.readBytes, 0);
    EXPECT_LE(plan->ramPeak, table.paddedParameters() * 8);
}

TEST(Planner, SmallestDeviceLimitIsTheTruth) {
    RunSpec run = spec();
    const TensorTable table(run.model);
    const int64_t least = smallestDeviceLimit(run, table);
    run.budget.deviceBytes = least;
    const auto fits = makePlan(run, table, {}, {0, 16 * kGiB, 100 * kGiB});
    ASSERT_TRUE(fits.ok()) << fits.error().text();
    EXPECT_LE(fits->devicePeak, least);
    run.budget.deviceBytes = least - 4096;
    run.budget.residency = ResidencyChoice::Disk;
    const auto refused = makePlan(run, table, {}, {0, 16 * kGiB, 100 * kGiB});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::OverBudget);
    EXPECT_NE(refused.error().text().find("--vram"), std::string::npos);
}

TEST(Planner, TightDeviceLimitLowersTheMicroBatchOnlyByDivisors) {
    RunSpec run = spec();
    const TensorTable table(run.model);
    auto plan = makePlan(run, table, {}, {0, 16 * kGiB, 100 * kGiB});
    ASSERT_TRUE(plan.ok());
    EXPECT_EQ(plan->microBatch, 4);
    const int64_t roomy = plan->devicePeak;
    run.budget.deviceBytes = (roomy + smallestDeviceLimit(run, table)) / 2;
    plan = makePlan(run, table, {}, {0, 16 * kGiB, 100 * kGiB});
    ASSERT_TRUE(plan.ok()) << plan.error().text();
    EXPECT_EQ(run.training.microBatch % plan->microBatch, 0);
    EXPECT_LE(plan->devicePeak, run.budget.deviceBytes);
}

TEST(Planner, TooLittleRamOrDiskSaysHowMuchIsMissing) {
    RunSpec run = spec();
    const TensorTable table(run.model);
    const auto ram = makePlan(run, table, {}, {0, 1 << 20, 100 * kGiB});
    ASSERT_FALSE(ram.ok());
    EXPECT_EQ(ram.error().code, ErrorCode::OverBudget);
    EXPECT_NE(ram.error().text().find("RAM"), std::string::npos);
    const auto disk = makePlan(run, table, {}, {0, 16 * kGiB, 1 << 20});
    ASSERT_FALSE(disk.ok());
    EXPECT_EQ(disk.error().code, ErrorCode::NoSpace);
    run.budget.diskBytes = 1 << 20;
    const auto budget = makePlan(run, table, {}, {0, 16 * kGiB, 100 * kGiB});
    ASSERT_FALSE(budget.ok());
    EXPECT_EQ(budget.error().code, ErrorCode::OverBudget);
}

TEST(Planner, ResidentOnDemandIsRefusedWhenItDoesNotFit) {
    RunSpec run = spec();
    run.budget.residency = ResidencyChoice::Resident;
    const TensorTable table(run.model);
    const auto plan = makePlan(run, table, {}, {0, table.paddedParameters() * 8, 100 * kGiB});
    ASSERT_FALSE(plan.ok());
    EXPECT_NE(plan.error().todo.find("--residency disk"), std::string::npos);
}

}  // namespace
}  // namespace gsst
