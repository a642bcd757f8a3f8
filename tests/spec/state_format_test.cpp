// SPDX-License-Identifier: GPL-3.0-or-later
#include "spec/state_format.h"

#include "tests/support/models.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace gsst {
namespace {

using test::llama7b;

constexpr StatePreset kPresets[] = {StatePreset::Exact, StatePreset::Mixed, StatePreset::Lean};

ModelSpec gpt2() {
    // The bias of the MLP has more than 4,096 elements.
    return test::withHead(
        test::modelOf(Family::Gpt2, {.layers = 2, .width = 96, .heads = 4, .ffnWidth = 5000, .vocabulary = 3000}),
        false);
}

ModelSpec small() {
    // The matrices of the MLP have 4,096 elements exactly.
    return test::modelOf(Family::Gpt2, {.width = 32, .ffnWidth = 128, .vocabulary = 3000});
}

TEST(StateFormat, KindsOfEachPreset) {
    const TensorTable table(small());
    EXPECT_EQ(StateFormat(table, StatePreset::Exact, kAdamW, kWholeState).kinds().size(), 4u);
    EXPECT_EQ(StateFormat(table, StatePreset::Mixed, kAdamW, kWholeState).kinds().size(), 4u);
    const StateFormat lean(table, StatePreset::Lean, kAdamW, kWholeState);
    ASSERT_EQ(lean.kinds().size(), 3u);
    EXPECT_EQ(lean.kinds()[1], StateKind::Moment1);
    EXPECT_FALSE(lean.has(StateKind::Lo));
    EXPECT_EQ(lean.bytes(0, StateKind::Lo), 0);
    EXPECT_EQ(gradientBytesPerElement(StatePreset::Exact), 4);
    EXPECT_EQ(gradientBytesPerElement(StatePreset::Mixed), 2);
    EXPECT_EQ(gradientBytesPerElement(StatePreset::Lean), 2);
}

TEST(StateFormat, QuantizesLargeMatricesOnly) {
    for (const ModelSpec& model : {gpt2(), small()}) {
        const TensorTable table(model);
        for (const StatePreset preset : kPresets) {
            const StateFormat format(table, preset, kAdamW, kWholeState);
            for (size_t block = 0; block < table.blocks().size(); ++block) {
                const TensorInfo& tensor = table.tensors()[size_t(table.blocks()[block].tensor)];
                const bool embedding = table.units()[size_t(tensor.unit)].kind == UnitKind::Embedding;
                const bool matrix = tensor.shape.size() == 2;
                const bool expected = preset != StatePreset::Exact && matrix && !embedding && tensor.elements >= 4096;
                EXPECT_EQ(format.quantized(int(block), StateKind::Moment1), expected) << tensor.name;
                EXPECT_EQ(format.quantized(int(block), StateKind::Moment2), expected) << tensor.name;
                EXPECT_FALSE(format.quantized(int(block), StateKind::Hi) ||
                             format.quantized(int(block), StateKind::Lo));
            }
        }
    }
    const TensorTable table(small());
    const StateFormat lean(table, StatePreset::Lean, kAdamW, kWholeState);
    EXPECT_TRUE(lean.quantized(table.find(2, TensorRole::Up)->firstBlock, StateKind::Moment1))
        << "exactly 4,096 elements";
    EXPECT_FALSE(lean.quantized(table.find(1, TensorRole::Qkv)->firstBlock, StateKind::Moment1)) << "fewer";
}

TEST(StateFormat, BytesOfASection) {
    const TensorTable table(gpt2());
    const int up = table.find(2, TensorRole::Up)->firstBlock;
    ASSERT_EQ(table.blocks()[size_t(up)].paddedElements, 65536);
    const StateFormat exact(table, StatePreset::Exact, kAdamW, kWholeState),
        mixed(table, StatePreset::Mixed, kAdamW, kWholeState), lean(table, StatePreset::Lean, kAdamW, kWholeState);
    EXPECT_EQ(exact.bytes(up, StateKind::Moment1), 4 * 65536);
    EXPECT_EQ(mixed.bytes(up, StateKind::Moment1), 69632);  // 65,536 codes and 256 scales are 66,560
    EXPECT_EQ(lean.bytes(up, StateKind::Moment2), 69632);
    EXPECT_EQ(mixed.bytes(up, StateKind::Lo), 2 * 65536);
    EXPECT_EQ(lean.bytes(up, StateKind::Hi), 2 * 65536);
    EXPECT_EQ(lean.bytes(0, StateKind::Moment1), 4 * table.blocks()[0].paddedElements) << "an embedding";
}

TEST(StateFormat, SumsAreSums) {
    for (const StatePreset preset : kPresets) {
        const TensorTable table(gpt2());
        const StateFormat format(table, preset, kAdamW, kWholeState);
        int64_t total = 0;
        for (const UnitInfo& unit : table.units())
            for (int count = 0; count <= unit.blockCount; ++count) {
                int64_t all = 0;
                for (const StateKind kind : format.kinds()) {
                    int64_t sum = 0;
                    for (int block = unit.firstBlock; block < unit.firstBlock + count; ++block) {
                        EXPECT_EQ(format.bytes(block, kind) % 4096, 0);
                        EXPECT_GT(format.bytes(block, kind), 0);
                        sum += format.bytes(block, kind);
                    }
                    ASSERT_EQ(format.bytes(unit.firstBlock, count, kind), sum);
                    all += sum;
                }
                ASSERT_EQ(format.bytes(unit.firstBlock, count), all);
                total += count == unit.blockCount ? all : 0;
            }
        EXPECT_EQ(format.totalBytes(), total);
        EXPECT_EQ(format.blockCount(), int(table.blocks().size()));
        if (preset == StatePreset::Exact) {
            EXPECT_EQ(total, 12 * table.paddedParameters());
        }
    }
}

TEST(StateFormat, BytesPerParameterAreAsPromised) {
    const TensorTable table(llama7b());
    EXPECT_NEAR(StateFormat(table, StatePreset::Exact, kAdamW, kWholeState).bytesPerParameter(), 12, 0.01);
    EXPECT_NEAR(StateFormat(table, StatePreset::Mixed, kAdamW, kWholeState).bytesPerParameter(), 6.1, 0.2);
    EXPECT_NEAR(StateFormat(table, StatePreset::Lean, kAdamW, kWholeState).bytesPerParameter(), 4.1, 0.2);
}

TEST(StateFormat, LionHasOneMoment) {
    const TensorTable table(llama7b());
    const StateFormat exact(table, StatePreset::Exact, kLion, kWholeState),
        lean(table, StatePreset::Lean, kLion, kWholeState);
    EXPECT_EQ(exact.totalBytes(), 8 * table.paddedParameters());
    EXPECT_NEAR(StateFormat(table, StatePreset::Mixed, kLion, kWholeState).bytesPerParameter(), 5.05, 0.1);
    EXPECT_NEAR(lean.bytesPerParameter(), 3.05, 0.1);
    EXPECT_EQ(std::vector<StateKind>(lean.kinds().begin(), lean.kinds().end()),
              (std::vector{StateKind::Hi, StateKind::Moment1}));
    EXPECT_FALSE(exact.has(StateKind::Moment2));
    EXPECT_EQ(exact.bytes(0, StateKind::Moment2), 0);
    EXPECT_FALSE(lean.quantized(table.find(2, TensorRole::Up)->firstBlock, StateKind::Moment2));
    EXPECT_TRUE(lean.quantized(table.find(2, TensorRole::Up)->firstBlock, StateKind::Moment1));
}

/// As an optimizer of matrices would have it that leaves embeddings to another one.
TEST(StateFormat, AnOptimizerCanKeepOtherMomentsOfSomeTensors) {
    const RoleUpdate exceptions[] = {{TensorRole::TokenEmbedding, {kAdamW.usual.moments}}};
    const OptimizerSpec spec{OptimizerKind::Lion, {kLion.usual.moments}, exceptions, {}};
    const TensorTable table(small());
    const StateFormat format(table, StatePreset::Exact, spec, kWholeState);
    EXPECT_TRUE(format.has(StateKind::Moment2)) << "some have it";
    for (const TensorInfo& tensor : table.tensors()) {
        const bool two = tensor.role == TensorRole::TokenEmbedding;
        EXPECT_EQ(format.keeps(tensor.firstBlock, StateKind::Moment2), two) << tensor.name;
        EXPECT_EQ(format.holds(tensor.firstBlock, StateKind::Moment2), two) << tensor.name;
        EXPECT_EQ(format.bytes(tensor.firstBlock, 1),
                  (two ? 12 : 8) * table.blocks()[size_t(tensor.firstBlock)].paddedElements)
            << tensor.name;
    }
}

TEST(StateFormat, RanksDivideWhatWeightsAreNotMadeFrom) {
    const TensorTable table(gpt2());
    for (const StatePreset preset : kPresets)
        for (const Precision precision : {Precision::Fp32, Precision::Bf16, Precision::Fp16})
            for (const int ranks : {2, 3, 7}) {
                const StateFormat whole(table, preset, kAdamW, kWholeState);
                int64_t gradients = 0, largest = 0, smallest = whole.totalBytes();
                for (const StateKind kind : whole.kinds()) {
                    int64_t bytes = 0;
                    for (int rank = 0; rank < ranks; ++rank) {
                        const StateFormat part(table, preset, kAdamW, {rank, ranks, precision});
                        bytes += part.bytes(0, part.blockCount(), kind);
                        EXPECT_EQ(part.isWhole(kind), whole.weightsNeed(kind, precision));
                        for (int block = 0; block < part.blockCount(); ++block)
                            EXPECT_EQ(part.bytes(block, kind), part.holds(block, kind) ? whole.bytes(block, kind) : 0);
                    }
                    EXPECT_EQ(bytes, whole.bytes(0, whole.blockCount(), kind) *
                                         (whole.weightsNeed(kind, precision) ? ranks : 1));
                }
                for (int rank = 0; rank < ranks; ++rank) {
                    const StateFormat part(table, preset, kAdamW, {rank, ranks, precision});
                    gradients += part.gradientBytes(0, part.blockCount());
                    largest = std::max(largest, part.gradientBytes(0, part.blockCount()));
                    smallest = std::min(smallest, part.gradientBytes(0, part.blockCount()));
                }
                EXPECT_EQ(gradients, whole.gradientBytes(0, whole.blockCount()));
                EXPECT_LE(largest - smallest, 6 * kBlockElements * whole.gradientBytes())
                    << "about a block of each unit";
            }
}

/// Of every stretch that a slice could be each rank has a part: else it would have nothing to do while others update.
TEST(StateFormat, OwnersTakeTurns) {
    const TensorTable table(llama7b());
    const StateFormat part(table, StatePreset::Lean, kAdamW, {0, 2, Precision::Bf16});
    for (const UnitInfo& unit : table.units())
        for (int first = unit.firstBlock; first + 128 <= unit.firstBlock + unit.blockCount; first += 64) {
            int own = 0;
            for (int block = first; block < first + 128; ++block)
                own += part.owns(block) ? 1 : 0;
            EXPECT_NEAR(own, 64, 33);
        }
    EXPECT_LT(double(part.totalBytes()),
              0.79 * double(StateFormat(table, StatePreset::Lean, kAdamW, kWholeState).totalBytes()));
}

TEST(StateFormat, TellsWhatWeightsAreMadeFromAndWhatTheyGiveBack) {
    const TensorTable table(small());
    for (const StatePreset preset : kPresets) {
        const StateFormat format(table, preset, kAdamW, kWholeState);
        const bool hasLo = preset != StatePreset::Lean;
        for (const Precision precision : {Precision::Fp32, Precision::Bf16, Precision::Fp16}) {
            EXPECT_TRUE(format.weightsNeed(StateKind::Hi, precision));
            EXPECT_EQ(format.weightsNeed(StateKind::Lo, precision), hasLo && precision != Precision::Bf16);
            EXPECT_EQ(format.weightsTell(StateKind::Hi, precision), precision != Precision::Fp16);
            EXPECT_EQ(format.weightsTell(StateKind::Lo, precision), hasLo && precision == Precision::Fp32);
            EXPECT_FALSE(format.weightsNeed(StateKind::Moment1, precision) ||
                         format.weightsTell(StateKind::Moment2, precision));
        }
    }
}

}  // namespace
}  // namespace gsst
