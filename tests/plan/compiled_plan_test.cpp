// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/compiled_plan.h"
#include "program_fixture.h"

namespace gsst::test {
namespace {

Plan planOf(Placement placement, UpdateRule rule = UpdateRule::Deferred) {
    Plan plan;
    plan.placement = std::move(placement);
    plan.rule = rule;
    plan.microBatch = 1;
    return plan;
}

TEST(CompiledPlan, HasThePlansMicroBatchAndBuildsAProgramOnce) {
    const TensorTable table(model(true));
    const CompiledPlan plan(table, training(Precision::Bf16), StateShard{}, planOf(onDisk(4096)));
    EXPECT_EQ(plan.training().microBatch, 1);
    EXPECT_EQ(plan.program(kUpdating)->microBatches, 6);
    EXPECT_EQ(plan.program(kUpdating), plan.program(kUpdating));
    EXPECT_EQ(plan.evaluation(6), plan.program(kEvaluateProgram)) << "as many micro-batches as a step has";
    EXPECT_EQ(plan.evaluation(2)->microBatches, 2);
    EXPECT_EQ(plan.stepPrograms().front(), plan.program(kUpdating).get());
}

/// The share of a rank is in all that is asked of it: programs, files, memory.
TEST(CompiledPlan, KnowsItsShardOfTheState) {
    const TensorTable table(model(false));
    const TrainSpec recipe = training(Precision::Bf16);
    Placement placement = residentPlacement();
    placement.everywhere.gradient = Tier::Ram;
    const CompiledPlan alone(table, recipe, StateShard{}, planOf(placement));
    const CompiledPlan shard(table, recipe, StateShard{0, 2, recipe.precision}, planOf(placement));
    EXPECT_LT(shard.diskBytes(), alone.diskBytes());
    EXPECT_LT(shard.residentBytes(), alone.residentBytes());
    EXPECT_EQ(alone.tally().linkBytes, 0);
    EXPECT_GT(shard.tally().linkBytes, 0);
}

TEST(CompiledPlan, WhetherStateIsOnDiskFollowsFromThePlacement) {
    const TensorTable table(model(true));
    const TrainSpec recipe = training(Precision::Bf16);
    const CompiledPlan streamed(table, recipe, StateShard{}, planOf(onDisk(4096), UpdateRule::Insured));
    EXPECT_TRUE(streamed.plan().stateOnDisk);
    EXPECT_GT(streamed.gradientFileBytes(), 0);
    EXPECT_STREQ(streamed.plan().updateName(), "insured");
    ASSERT_EQ(streamed.stepPrograms().size(), 2u);
    EXPECT_EQ(streamed.stepPrograms()[1]->variant, kCommitProgram);
    const CompiledPlan resident = streamed.placedAs(residentPlacement());
    EXPECT_FALSE(resident.plan().stateOnDisk);
    EXPECT_EQ(resident.gradientFileBytes(), 0);
    EXPECT_STREQ(resident.plan().updateName(), "in place");
    ASSERT_EQ(resident.stepPrograms().size(), 2u);
    EXPECT_EQ(resident.stepPrograms()[1]->variant, kUpdateOnlyProgram);
}

/// The search finds the peaks of a plan from one program of a simpler placement: they are those of its own programs,
/// by whichever rule it updates.
TEST(CompiledPlan, PeaksAreThoseOfAllPrograms) {
    for (bool tied : {false, true}) {
        const TensorTable table(model(tied));
        const TrainSpec recipe = training(Precision::Bf16);
        for (int ranks : {1, 2})
            for (const Placement& placement : placements()) {
                const auto format = std::make_shared<const StateFormat>(
                    table, recipe.state, optimizerSpec(recipe.optimizer), StateShard{0, ranks, recipe.precision});
                int64_t device = 0;
                for (UpdateRule rule : {UpdateRule::Deferred, UpdateRule::Speculative, UpdateRule::Insured}) {
                    const CompiledPlan plan(table, recipe, format, planOf(placement, rule));
                    const PlanPeaks peaks = plan.peaks();
                    int64_t sum = 0;
                    for (int64_t bytes : peaks.device.byUse)
                        sum += bytes;
                    EXPECT_EQ(sum, peaks.device.bytes);
                    for (const StepProgram* program : plan.stepPrograms())
                        EXPECT_GE(peaks.device.bytes, devicePeakOf(*program).bytes);
                    EXPECT_GE(peaks.device.bytes, devicePeakOf(*plan.program(kEvaluateProgram)).bytes);
                    device = device == 0 ? peaks.device.bytes : device;
                    EXPECT_EQ(peaks.device.bytes, device) << "rule " << nameOf(rule);
                }
            }
    }
}

}  // namespace
}  // namespace gsst::test
