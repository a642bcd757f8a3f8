// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/half_float.h"
#include "optim/adamw.h"
#include "optim/block_math.h"
#include "optim/element_step.h"
#include "optim/lion.h"
#include "optim/squared_norm.h"
#include "optim_helpers.h"
#include "slow_update.h"
#include "state_chunk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <string>

namespace gsst::test {
namespace {

class BlockMath : public testing::TestWithParam<StateOfOptimizer> {
protected:
    TensorTable table{oddModel()};
    StateFormat format{table, GetParam().preset, optimizerSpec(GetParam().optimizer), kWholeState};
    TrainSpec training = trainingWith(GetParam().optimizer);
    const UnitInfo& unit = table.units()[kUnit];
    BlockRange all{unit.firstBlock, unit.blockCount};
    size_t count = size_t(unit.paddedElements);
    std::vector<float> gradient = randomGradient(count, 8);
    Chunk start = randomChunk();

    Chunk randomChunk() {
        Chunk chunk(table, format);
        chunk.set(randomState(count));
        return chunk;
    }
    std::vector<bool> isPadding() const {
        std::vector<bool> padding(count, true);
        for (const BlockInfo& block : table.blocksOf(kUnit))
            std::fill_n(padding.begin() + block.offset, block.elements, false);
        return padding;
    }
    int64_t offsetOf(int block) const { return table.blocks()[size_t(block)].offset; }
    void update(Chunk& chunk, BlockRange blocks, WorkerPool& workers, void* weights = nullptr) {
        BlockUpdate call = chunk.update(blocks);
        call.gradient = gradient.data() + offsetOf(blocks.first);
        call.weights = weights;
        call.gradientScale = 0.6f;
        call.step = 3;
        EXPECT_TRUE(updateBlocks(table, format, training, call, workers).ok());
    }
    /// One element after the other.
    template <typename Math>
    Chunk expectedUpdate(const typename Math::Constants& constants) {
        Chunk chunk = start;
        for (int block = all.first; block < all.first + all.count; ++block) {
            const BlockInfo& info = table.blocks()[size_t(block)];
            const TensorInfo& tensor = table.tensors()[size_t(info.tensor)];
            UpdateArrays arrays = chunk.arrays(block);
            arrays.gradient = gradient.data() + info.offset;
            arrays.rounding = {training.seed, 3, info.tensor};
            arrays.firstElement = info.offset - tensor.offset;
            slowUpdate<Math>(arrays, tensor.decay ? constants.keep : 1.0f, constants);
        }
        return chunk;
    }
    Chunk expectedUpdate() {
        return training.optimizer == OptimizerKind::Lion ? expectedUpdate<LionMath>(lionConstants(training, 3, 0.6f))
                                                         : expectedUpdate<AdamWMath>(adamwConstants(training, 3, 0.6f));
    }
};
INSTANTIATE_TEST_SUITE_P(States, BlockMath, testing::ValuesIn(kStatesOfOptimizers), nameOfState);

TEST_P(BlockMath, UpdatesElementByElementAndNoPadding) {
    ASSERT_GT(unit.blockCount, 3);
    const auto padding = isPadding();
    ASSERT_TRUE(std::count(padding.begin(), padding.end(), true) > 0);
    int plain = 0, quantized = 0;
    for (int block = all.first; block < all.first + all.count; ++block) {
        plain += !table.tensors()[size_t(table.blocks()[size_t(block)].tensor)].decay;
        quantized += format.quantized(block, StateKind::Moment1);
    }
    ASSERT_GT(plain, 0);
    ASSERT_EQ(quantized > 0, GetParam().preset != StatePreset::Exact);
    ASSERT_LT(quantized, all.count);
    const Chunk expected = expectedUpdate();
    EXPECT_NE(expected.bytes, start.bytes);
    for (size_t i = 0; i < count; ++i)
        if (padding[i])
            gradient[i] = std::numeric_limits<float>::quiet_NaN();  // nobody may look at it
    for (int threads : {1, 2, 3}) {
        WorkerPool workers(threads);
        Chunk whole = start, single = start;
        update(whole, all, workers);
        EXPECT_TRUE(whole.bytes == expected.bytes) << threads << " threads";
        for (int block = all.first; block < all.first + all.count; ++block)
            update(single, {block, 1}, workers);
        EXPECT_TRUE(single.bytes == expected.bytes) << threads << " threads, one block a call";
    }
}

TEST_P(BlockMath, WritesWeightsWithZeroPadding) {
    WorkerPool workers(2);
    std::vector<float> fp32(count, 7.0f), joined(count);
    std::vector<uint16_t> bf16(count, 7), fp16(count, 7);
    Chunk first = start, second = start, third = start;
    update(first, all, workers, fp32.data());
    training.precision = Precision::Bf16;
    update(second, all, workers, bf16.data());
    training.precision = Precision::Fp16;
    update(third, all, workers, fp16.data());
    EXPECT_TRUE(first.bytes == second.bytes);
    EXPECT_TRUE(first.bytes == third.bytes);
    const auto* hi = reinterpret_cast<const uint16_t*>(first.at(all.first, StateKind::Hi));
    const auto* lo =
        format.has(StateKind::Lo) ? reinterpret_cast<const uint16_t*>(first.at(all.first, StateKind::Lo)) : nullptr;
    EXPECT_TRUE(joinBlocks(table, Precision::Fp32, all, hi, lo, joined.data(), workers).ok());
    const auto padding = isPadding();
    for (size_t i = 0; i < count; ++i) {
        ASSERT_EQ(fp32[i], padding[i] ? 0.0f : joined[i]);
        ASSERT_EQ(bf16[i], padding[i] ? 0 : hi[i]);
        ASSERT_EQ(fp16[i], padding[i] ? 0 : nearestHalf(std::bit_cast<uint32_t>(joined[i])));
    }
}

TEST_P(BlockMath, JoinsWithPadding) {
    WorkerPool workers(2);
    const BlockRange part{all.first + 1, all.count - 1};
    const size_t size = count - size_t(offsetOf(part.first));
    const auto* hi = reinterpret_cast<const uint16_t*>(start.at(part.first, StateKind::Hi));
    const auto* lo =
        format.has(StateKind::Lo) ? reinterpret_cast<const uint16_t*>(start.at(part.first, StateKind::Lo)) : nullptr;
    std::vector<float> fp32(size);
    std::vector<uint16_t> bf16(size), fp16(size);
    EXPECT_TRUE(joinBlocks(table, Precision::Fp32, part, hi, lo, fp32.data(), workers).ok());
    EXPECT_TRUE(joinBlocks(table, Precision::Bf16, part, hi, nullptr, bf16.data(), workers).ok());
    EXPECT_TRUE(joinBlocks(table, Precision::Fp16, part, hi, lo, fp16.data(), workers).ok());
    for (size_t i = 0; i < size; ++i) {
        ASSERT_EQ(std::bit_cast<uint32_t>(fp32[i]), joinHalves(hi[i], lo ? lo[i] : uint16_t{0}));
        ASSERT_EQ(bf16[i], hi[i]);
        ASSERT_EQ(fp16[i], nearestHalf(std::bit_cast<uint32_t>(fp32[i])));
    }
}

TEST_P(BlockMath, GradientsAreRoundedPackedAndUnpacked) {
    const auto padding = isPadding();
    for (size_t i = 0; i < count; ++i)
        if (padding[i])
            gradient[i] = std::numeric_limits<float>::quiet_NaN();
    for (int threads : {1, 3}) {
        WorkerPool workers(threads);
        std::vector<float> rounded = gradient, back(count, 7.0f);
        std::vector<uint16_t> packed(count, 7), direct(count, 7);
        roundGradients(table, all, rounded.data(), workers);
        packGradients(table, all, rounded.data(), packed.data(), workers);
        packGradients(table, all, gradient.data(), direct.data(), workers);
        unpackGradients(table, all, packed.data(), back.data(), workers);
        EXPECT_EQ(packed, direct);
        for (size_t i = 0; i < count; ++i) {
            const uint16_t expected = padding[i] ? uint16_t{0} : nearestBf16(std::bit_cast<uint32_t>(gradient[i]));
            ASSERT_EQ(packed[i], expected);
            ASSERT_EQ(back[i], std::bit_cast<float>(uint32_t{expected} << 16));
            ASSERT_TRUE(padding[i] ? std::isnan(rounded[i]) : rounded[i] == back[i]);
        }
        std::vector<uint16_t> single(count, 7);
        for (int block = all.first; block < all.first + all.count; ++block)
            packGradients(table, {block, 1}, gradient.data() + offsetOf(block), single.data() + offsetOf(block),
                          workers);
        EXPECT_EQ(single, packed);
    }
}

TEST_P(BlockMath, NormsAreThoseOfTheBlocks) {
    std::vector<double> expected;
    for (const BlockInfo& block : table.blocksOf(kUnit))
        expected.push_back(squaredNorm(gradient.data() + block.offset, block.elements));
    for (int threads : {1, 3}) {
        WorkerPool workers(threads);
        std::vector<double> norms(expected.size());
        normBlocks(table, {unit.firstBlock, unit.blockCount}, gradient.data(), norms.data(), workers);
        EXPECT_EQ(norms, expected);
        normBlocks(table, {unit.firstBlock + 2, 1}, gradient.data() + offsetOf(unit.firstBlock + 2), norms.data(),
                   workers);
        EXPECT_EQ(norms[0], expected[2]);
    }
}

TEST_P(BlockMath, NoBlocksIsNoWork) {
    WorkerPool workers(2);
    EXPECT_TRUE(updateBlocks(table, format, training, BlockUpdate{}, workers).ok());
    normBlocks(table, {}, nullptr, nullptr, workers);
}

}  // namespace
}  // namespace gsst::test
