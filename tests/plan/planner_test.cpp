// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/compiled_plan.h"
#include "plan/search/planner.h"

#include "tests/support/models.h"

#include <gtest/gtest.h>

namespace gsst {
namespace {

constexpr int64_t kGiB = int64_t(1) << 30;

RunSpec spec() {
    RunSpec run = test::plannedRecipe();
    run.training.threads = 2;
    return run;
}

CompiledPlan compiled(const RunSpec& run, const TensorTable& table, const Plan& plan) {
    return CompiledPlan(table, run.training, StateShard{}, plan);
}

int64_t storedGradientBytes(const RunSpec& run, const Plan& plan) {
    const TensorTable table(run.model);
    return compiled(run, table, plan).gradientFileBytes();
}

/// Too little RAM for the state, and a drive that is the bottleneck.
Result<Plan> planOnSlowDisk(const RunSpec& run, int64_t diskBytes = 100 * kGiB) {
    const TensorTable table(run.model);
    HardwareProfile slow;
    slow.readBytesPerSecond = slow.writeBytesPerSecond = 50e6;
    return makePlan(run, table, slow, {0, table.paddedParameters() * 8, diskBytes});
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

TEST(Planner, CutsTheVocabularyOnlyWhereItMust) {
    for (bool tied : {false, true}) {
        RunSpec run = spec();
        run.model.vocabulary = 150'000;
        run.model.tiedHead = tied;
        run.training.state = StatePreset::Mixed;
        const TensorTable table(run.model);
        const int64_t matrix = run.model.vocabulary * run.model.width;
        // Room for the gradient of the whole matrix and its weights, then for neither.
        for (const auto& [limit, cut] :
             {std::pair{matrix * 9, false}, std::pair{matrix * 4, true}, std::pair{matrix * 3 / 2, true}}) {
            run.budget.deviceBytes = limit;
            for (int64_t ram : {16 * kGiB, table.paddedParameters() * 3}) {
                const auto plan = makePlan(run, table, {}, {0, ram, 100 * kGiB});
                ASSERT_TRUE(plan.ok()) << plan.error().text();
                EXPECT_LE(plan->devicePeak, limit);
                EXPECT_LE(plan->ramPeak, ram);
                EXPECT_EQ(plan->placement.vocabularyRows > 0, cut);
                EXPECT_EQ(plan->placement.vocabularyRows % 16'384, 0);
                EXPECT_EQ(plan->stateOnDisk, ram < 16 * kGiB);
            }
        }
        run.budget.deviceBytes = matrix * 4;
        const auto coarse = makePlan(run, table, {}, {0, 16 * kGiB, 100 * kGiB});
        run.budget.deviceBytes = smallestDeviceLimit(run, table);
        EXPECT_LT(run.budget.deviceBytes, matrix * 3 / 2);
        const auto fine = makePlan(run, table, {}, {0, 16 * kGiB, 100 * kGiB});
        ASSERT_TRUE(coarse.ok() && fine.ok());
        EXPECT_GT(coarse->placement.vocabularyRows, fine->placement.vocabularyRows);
        EXPECT_EQ(fine->placement.vocabularyRows, 16'384);
        run.budget.deviceBytes -= 4096;
        run.budget.residency = ResidencyChoice::Disk;
        EXPECT_FALSE(makePlan(run, table, {}, {0, 16 * kGiB, 100 * kGiB}).ok());
    }
}

TEST(Planner, UpdatesCutUnitsLaterWhereTheirOwnNormClipsThem) {
    RunSpec run = spec();
    run.model.vocabulary = 150'000;
    run.training.clip = ClipKind::PerUnit;
    run.budget.residency = ResidencyChoice::Disk;
    run.budget.deviceBytes = run.model.vocabulary * run.model.width * 3 / 2;
    const auto plan = planOnSlowDisk(run);
    ASSERT_TRUE(plan.ok()) << plan.error().text();
    EXPECT_GT(plan->placement.vocabularyRows, 0);
    EXPECT_EQ(plan->rule, UpdateRule::Deferred);
    run.training.clip = ClipKind::PreviousNorm;
    const auto other = planOnSlowDisk(run);
    ASSERT_TRUE(other.ok()) << other.error().text();
    EXPECT_EQ(other->rule, UpdateRule::Speculative);
}

TEST(Planner, PutsSharesOfGradientsOnDiskWhereRamIsScarce) {
    RunSpec run = spec();
    run.model.vocabulary = 150'000;
    run.model.tiedHead = true;
    run.budget.residency = ResidencyChoice::Disk;
    run.budget.deviceBytes = run.model.vocabulary * run.model.width * 3 / 2;
    const TensorTable table(run.model);
    const auto roomy = makePlan(run, table, {}, {0, 16 * kGiB, 100 * kGiB});
    ASSERT_TRUE(roomy.ok()) << roomy.error().text();
    EXPECT_EQ(roomy->placement.tiedGradients, Tier::Ram);
    EXPECT_EQ(compiled(run, table, *roomy).tiedGradientFileBytes(), 0);
    const int64_t share = table.units().front().paddedElements * 4;
    EXPECT_GE(roomy->boundaryBytes, share);
    const auto tight = makePlan(run, table, {}, {0, share, 100 * kGiB});
    ASSERT_TRUE(tight.ok()) << tight.error().text();
    EXPECT_EQ(tight->placement.tiedGradients, Tier::Disk);
    EXPECT_EQ(compiled(run, table, *tight).tiedGradientFileBytes(), share);
    EXPECT_GT(tight->diskBytes - roomy->diskBytes, share / 2);
    EXPECT_GT(tight->step.writtenBytes - roomy->step.writtenBytes, share / 2);
}

bool anyGradientStored(const Plan& plan) {
    for (int slice = 0; slice < plan.slices; ++slice)
        if (plan.placement.of(slice).gradient != Tier::Disk)
            return true;
    return false;
}

TEST(Planner, StoresNoGradientWhereTheClipFactorIsKnownAhead) {
    RunSpec run = spec();
    const auto guessing = planOnSlowDisk(run);
    ASSERT_TRUE(guessing.ok()) << guessing.error().text();
    EXPECT_EQ(guessing->rule, UpdateRule::Adaptive);
    EXPECT_TRUE(anyGradientStored(*guessing));
    run.training.clip = ClipKind::PreviousNorm;
    const auto known = planOnSlowDisk(run);
    ASSERT_TRUE(known.ok()) << known.error().text();
    EXPECT_EQ(known->rule, UpdateRule::Speculative);
    EXPECT_FALSE(anyGradientStored(*known)) << "their RAM has better uses";
    EXPECT_EQ(storedGradientBytes(run, *known), 0);
    EXPECT_LT(known->step.readBytes + known->step.writtenBytes, guessing->step.readBytes + guessing->step.writtenBytes);
}

TEST(Planner, DoesNotGoByClippingWhereTheClipFactorIsKnownAhead) {
    RunSpec run = spec();
    run.budget.residency = ResidencyChoice::Disk;
    const TensorTable table(run.model);
    HardwareProfile slow;
    slow.readBytesPerSecond = slow.writeBytesPerSecond = 100e6;
    // With room for all gradients in RAM, storing them takes no time: that is no reason to guess.
    const MachineLimits roomy{0, 16 * kGiB, 100 * kGiB};
    const auto guessing = makePlan(run, table, slow, roomy);
    ASSERT_TRUE(guessing.ok()) << guessing.error().text();
    EXPECT_EQ(guessing->rule, UpdateRule::Adaptive);
    run.training.clip = ClipKind::PreviousNorm;
    const auto known = makePlan(run, table, slow, roomy);
    ASSERT_TRUE(known.ok()) << known.error().text();
    EXPECT_EQ(known->rule, UpdateRule::Speculative);
}

TEST(Planner, RepeatsAStepRatherThanRunOutOfDisk) {
    RunSpec run = spec();
    run.budget.gradients = GradientChoice::Disk;
    const auto roomy = planOnSlowDisk(run);
    ASSERT_TRUE(roomy.ok());
    const int64_t gradients = storedGradientBytes(run, *roomy);
    ASSERT_GT(gradients, 0);
    const auto tight = planOnSlowDisk(run, roomy->diskBytes - gradients);
    ASSERT_TRUE(tight.ok()) << tight.error().text();
    EXPECT_EQ(tight->rule, UpdateRule::Speculative);
    run.budget.update = UpdateChoice::Deferred;
    EXPECT_FALSE(planOnSlowDisk(run, roomy->diskBytes - gradients).ok()) << "the user's word stands";
}

TEST(Planner, SmallerStatesNeedLessDiskAndMoveLess) {
    RunSpec run = spec();
    run.budget.residency = ResidencyChoice::Disk;
    int64_t disk = 0, moved = 0;
    for (StatePreset preset : {StatePreset::Exact, StatePreset::Mixed, StatePreset::Lean}) {
        run.training.state = preset;
        const auto plan = planOnSlowDisk(run);
        ASSERT_TRUE(plan.ok()) << plan.error().text();
        EXPECT_TRUE(disk == 0 || plan->diskBytes < disk);
        EXPECT_TRUE(moved == 0 || plan->step.readBytes + plan->step.writtenBytes < moved);
        disk = plan->diskBytes;
        moved = plan->step.readBytes + plan->step.writtenBytes;
    }
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
