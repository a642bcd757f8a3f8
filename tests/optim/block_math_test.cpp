// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/block_math.h"
#include "optim/adamw_cpu.h"
#include "optim/squared_norm.h"
#include "optim_helpers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

namespace gsst::test {
namespace {

ModelSpec model() {
    ModelSpec spec;
    spec.width = 160;
    spec.heads = spec.kvHeads = 4;
    spec.ffnWidth = 640;
    return spec;
}

/// One unit with decaying and other tensors, several blocks, and padding.
class BlockMath : public testing::Test {
protected:
    TensorTable table{model()};
    TrainSpec training;
    const UnitInfo& unit = table.units()[2];
    size_t count = size_t(unit.paddedElements);
    State start = randomState(count);
    std::vector<float> gradient = randomGradient(count, 8);

    std::vector<bool> isPadding() const {
        std::vector<bool> padding(count, true);
        for (const BlockInfo& block : table.blocksOf(2))
            std::fill_n(padding.begin() + block.offset, block.elements, false);
        return padding;
    }
    int64_t offsetOf(int block) const { return table.blocks()[size_t(block)].offset; }
    BlockUpdate update(State& state, BlockRange blocks, void* weights = nullptr) {
        const int64_t offset = offsetOf(blocks.first);
        BlockUpdate call;
        call.blocks = blocks;
        call.hi = state.hi.data() + offset;
        call.lo = state.lo.data() + offset;
        call.moment1 = state.moment1.data() + offset;
        call.moment2 = state.moment2.data() + offset;
        call.gradient = gradient.data() + offset;
        call.weights = weights;
        call.gradientScale = 0.6f;
        call.step = 3;
        return call;
    }
};

TEST_F(BlockMath, UpdatesElementByElement) {
    ASSERT_GT(unit.blockCount, 3);
    const auto padding = isPadding();
    ASSERT_TRUE(std::count(padding.begin(), padding.end(), true) > 0);
    const AdamWConstants constants = adamwConstants(training, 3, 0.6f);
    State expected = start;
    int plain = 0;
    for (const TensorInfo& tensor : table.tensorsOf(2)) {
        plain += !tensor.decay;
        for (size_t i = size_t(tensor.offset); i < size_t(tensor.offset + tensor.elements); ++i)
            expected.setWeight(i, adamwElement(expected.weight(i), gradient[i], expected.moment1[i], expected.moment2[i],
                                               tensor.decay ? constants.keep : 1.0f, constants));
    }
    ASSERT_GT(plain, 0);
    for (size_t i = 0; i < count; ++i)
        if (padding[i])
            gradient[i] = std::numeric_limits<float>::quiet_NaN();  // nobody may look at it
    for (int threads : {1, 2, 3}) {
        WorkerPool workers(threads);
        State whole = start, single = start;
        updateBlocks(table, training, update(whole, {unit.firstBlock, unit.blockCount}), workers);
        EXPECT_TRUE(whole == expected) << threads << " threads";
        for (int block = unit.firstBlock; block < unit.firstBlock + unit.blockCount; ++block)
            updateBlocks(table, training, update(single, {block, 1}), workers);
        EXPECT_TRUE(single == expected) << threads << " threads, one block a call";
    }
}

TEST_F(BlockMath, WritesWeightsWithZeroPadding) {
    WorkerPool workers(2);
    const auto padding = isPadding();
    const BlockRange all{unit.firstBlock, unit.blockCount};
    std::vector<float> fp32(count, 7.0f);
    std::vector<uint16_t> bf16(count, 7);
    State first = start, second = start;
    updateBlocks(table, training, update(first, all, fp32.data()), workers);
    training.precision = Precision::Bf16;
    updateBlocks(table, training, update(second, all, bf16.data()), workers);
    EXPECT_TRUE(first == second);
    for (size_t i = 0; i < count; ++i) {
        ASSERT_EQ(fp32[i], padding[i] ? 0.0f : first.weight(i));
        ASSERT_EQ(bf16[i], padding[i] ? 0 : first.hi[i]);
    }
}

TEST_F(BlockMath, JoinsWithPadding) {
    WorkerPool workers(2);
    const int first = unit.firstBlock + 1;
    const int blocks = unit.blockCount - 1;
    const size_t offset = size_t(offsetOf(first)), size = count - offset;
    std::vector<float> fp32(size);
    std::vector<uint16_t> bf16(size);
    joinBlocks(table, Precision::Fp32, {first, blocks}, start.hi.data() + offset, start.lo.data() + offset, fp32.data(), workers);
    joinBlocks(table, Precision::Bf16, {first, blocks}, start.hi.data() + offset, nullptr, bf16.data(), workers);
    for (size_t i = 0; i < size; ++i) {
        ASSERT_EQ(fp32[i], start.weight(offset + i));
        ASSERT_EQ(bf16[i], start.hi[offset + i]);
    }
}

TEST_F(BlockMath, NormsAreThoseOfTheBlocks) {
    std::vector<double> expected;
    for (const BlockInfo& block : table.blocksOf(2))
        expected.push_back(squaredNorm(gradient.data() + block.offset, block.elements));
    for (int threads : {1, 3}) {
        WorkerPool workers(threads);
        std::vector<double> norms(expected.size());
        normBlocks(table, {unit.firstBlock, unit.blockCount}, gradient.data(), norms.data(), workers);
        EXPECT_EQ(norms, expected);
        normBlocks(table, {unit.firstBlock + 2, 1}, gradient.data() + offsetOf(unit.firstBlock + 2), norms.data(), workers);
        EXPECT_EQ(norms[0], expected[2]);
    }
}

TEST_F(BlockMath, NoBlocksIsNoWork) {
    WorkerPool workers(2);
    updateBlocks(table, training, BlockUpdate{}, workers);
    normBlocks(table, {}, nullptr, nullptr, workers);
}

}  // namespace
}  // namespace gsst::test
