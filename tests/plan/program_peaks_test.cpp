// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/search/plan_sizes.h"
#include "plan/search/program_peaks.h"
#include "program_fixture.h"

#include <random>

namespace gsst::test {
namespace {

/// Of the placement's own programs, simplified in nothing.
ProgramPeaks fullPeaks(const TensorTable& table, const StateFormat& format, const TrainSpec& recipe,
                       const Placement& placement) {
    const ProgramBuilder builder(table, format, recipe, placement);
    const StepProgram step = builder.build(kPlain);
    const StepProgram evaluation = builder.buildEvaluation(step.microBatches);
    const int64_t evaluating = passingPeakOf(evaluation, Space::Device).bytes;
    return {std::max(devicePeakOf(step).bytes, keptOf(step).bytes + evaluating), passingPeakOf(step, Space::Ram).bytes};
}

SliceResidency anyResidency(std::mt19937& random) {
    const auto tier = [&](Tier lowest) { return Tier(int(lowest) + int(random() % (3 - unsigned(lowest)))); };
    return {tier(Tier::Device), tier(Tier::Ram), tier(Tier::Ram), tier(Tier::Device), random() % 2 == 0};
}

class Peaks : public testing::TestWithParam<int> {};

/// The search finds out about few placements, and takes the others to have the same peaks.
TEST_P(Peaks, OfASimplifiedPlacementAreThoseOfThePlacement) {
    std::mt19937 random(7);
    for (bool tied : {false, true}) {
        const TensorTable table(model(tied));
        const TrainSpec recipe = training(Precision::Bf16);
        const auto shared = std::make_shared<const StateFormat>(table, recipe.state, optimizerSpec(recipe.optimizer),
                                                                StateShard{0, GetParam(), recipe.precision});
        const StateFormat& format = *shared;
        KnownPeaks known(table, shared, recipe);
        for (Placement placement : placements())
            for (int round = 0; round < 8; ++round) {
                placement.slices.clear();
                for (size_t slice = 0; slice < makeSlicing(table, placement).size(); ++slice)
                    placement.slices.push_back(anyResidency(random));
                TrainSpec training = recipe;
                training.microBatch = round % 2 + 1;
                const ProgramPeaks expected = fullPeaks(table, format, training, placement);
                const ProgramPeaks& peaks = known.of(placement, training.microBatch);
                ASSERT_EQ(peaks.device, expected.device) << "tied " << tied << ", round " << round;
                ASSERT_EQ(peaks.ram, expected.ram) << "tied " << tied << ", round " << round;
            }
    }
}

/// Which looks at one layer only.
TEST_P(Peaks, GroupIsTheLargestOfAllChunks) {
    for (bool tied : {false, true}) {
        const TensorTable table(model(tied));
        const StateFormat format(table, StatePreset::Mixed, kAdamW, {0, GetParam(), Precision::Bf16});
        for (const Placement& placement : placements()) {
            const auto slices = makeSlicing(table, placement);
            int64_t own = 0, foreign = 0;
            for (const SliceRange& slice : slices)
                for (const ChunkRange& chunk : chunksOfSlice(table, format, slice, placement.chunkElements)) {
                    const int64_t bytes = format.bytes(chunk.firstBlock, chunk.blockCount) +
                                          format.gradientBytes(chunk.firstBlock, chunk.blockCount);
                    int64_t& largest = format.owns(chunk.firstBlock) ? own : foreign;
                    largest = std::max(largest, bytes);
                }
            EXPECT_EQ(groupBytes(table, format, slices, placement.chunkElements), own + (GetParam() - 1) * foreign);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Ranks, Peaks, testing::Values(1, 2));

}  // namespace
}  // namespace gsst::test
