// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/block_math_cuda.h"

#include "card.h"
#include "optim_helpers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>

namespace gsst::test {
namespace {

constexpr int kUnit = 2;

ModelSpec model() {
    ModelSpec spec;
    spec.width = 160;
    spec.heads = spec.kvHeads = 4;
    spec.ffnWidth = 640;
    return spec;
}

/// Halves, gradient and outputs of one unit with several blocks and padding.
struct Work {
    State state;
    std::vector<float> gradient;
    std::vector<uint16_t> packed;
    std::vector<float> fp32;
    std::vector<uint16_t> bf16;
    std::vector<uint16_t> fp16;
    std::vector<double> norms;

    bool operator==(const Work& other) const {
        return state.hi == other.state.hi && state.lo == other.state.lo && sameBits(gradient, other.gradient) &&
               packed == other.packed && sameBits(fp32, other.fp32) && bf16 == other.bf16 && fp16 == other.fp16 &&
               sameBits(norms, other.norms);
    }
};

class BlockLoops : public testing::Test {
protected:
    TensorTable table{model()};
    const UnitInfo& unit = table.units()[kUnit];
    size_t count = size_t(unit.paddedElements);
    WorkerPool workers{2};

    Work start() const {
        Work work{randomState(count),
                  randomGradient(count, 8),
                  std::vector<uint16_t>(count, 7),
                  std::vector<float>(count, 7.0f),
                  std::vector<uint16_t>(count, 7),
                  std::vector<uint16_t>(count, 7),
                  std::vector<double>(size_t(unit.blockCount), -1.0)};
        // What is rare: the smallest and the largest numbers, and -0.
        work.gradient[5] = std::numeric_limits<float>::denorm_min();
        work.gradient[6] = -0.0f;
        work.gradient[7] = 3e38f;
        work.state.setWeight(9, std::numeric_limits<float>::denorm_min());
        work.state.setWeight(10, std::numeric_limits<float>::max());
        return work;
    }
    BlockRange all() const { return {unit.firstBlock, unit.blockCount}; }
};

TEST_F(BlockLoops, JoinHasTheBitsOfTheCpuKernels) {
    Work expected = start(), found = start();
    EXPECT_TRUE(joinBlocks(table, Precision::Fp32, all(), expected.state.hi.data(), expected.state.lo.data(),
                           expected.fp32.data(), workers)
                    .ok());
    EXPECT_TRUE(
        joinBlocks(table, Precision::Bf16, all(), expected.state.hi.data(), nullptr, expected.bf16.data(), workers)
            .ok());
    EXPECT_TRUE(joinBlocks(table, Precision::Fp16, all(), expected.state.hi.data(), expected.state.lo.data(),
                           expected.fp16.data(), workers)
                    .ok());
    std::vector<float> upper(count);
    EXPECT_TRUE(
        joinBlocks(table, Precision::Fp32, all(), expected.state.hi.data(), nullptr, upper.data(), workers).ok());
    BlockArrays fp32, bf16, fp16;
    for (BlockArrays* arrays : {&fp32, &bf16, &fp16})
        arrays->hi = found.state.hi.data();
    fp32.lo = fp16.lo = found.state.lo.data();
    fp32.weightsFp32 = found.fp32.data();
    bf16.weightsBf16 = found.bf16.data();
    fp16.weightsFp16 = found.fp16.data();
    for (const BlockArrays& arrays : {fp32, bf16, fp16})
        for (size_t i = 0; i < count; ++i)
            loops::joinElement(arrays, int64_t(i));
    EXPECT_TRUE(found == expected);
    fp32.lo = nullptr;
    for (size_t i = 0; i < count; ++i)
        loops::joinElement(fp32, int64_t(i));
    EXPECT_TRUE(sameBits(found.fp32, upper));
}

TEST_F(BlockLoops, SplitHasTheBitsOfTheCpu) {
    Work work = start();
    EXPECT_TRUE(
        joinBlocks(table, Precision::Fp32, all(), work.state.hi.data(), work.state.lo.data(), work.fp32.data(), workers)
            .ok());
    for (const bool withLo : {true, false}) {
        std::vector<uint16_t> hi(count, 7), lo(count, 7), expectedHi(count, 7), expectedLo(count, 7);
        splitBlocks(table, Precision::Fp32, all(), work.fp32.data(), expectedHi.data(),
                    withLo ? expectedLo.data() : nullptr, workers);
        BlockArrays arrays;
        arrays.hi = hi.data();
        arrays.lo = withLo ? lo.data() : nullptr;
        arrays.weightsFp32 = work.fp32.data();
        for (size_t i = 0; i < count; ++i)
            loops::splitElement(arrays, int64_t(i));
        EXPECT_EQ(hi, expectedHi);
        EXPECT_EQ(lo, expectedLo);
    }
    std::vector<uint16_t> hi(count, 7);
    BlockArrays arrays;
    arrays.hi = hi.data();
    arrays.weightsBf16 = work.state.hi.data();
    for (size_t i = 0; i < count; ++i)
        loops::splitElement(arrays, int64_t(i));
    EXPECT_EQ(hi, work.state.hi);
}

TEST_F(BlockLoops, RoundedAndPackedGradientsHaveTheBitsOfTheCpuKernels) {
    Work expected = start(), found = start();
    packGradients(table, all(), expected.gradient.data(), expected.packed.data(), workers);
    roundGradients(table, all(), expected.gradient.data(), workers);
    const BlockBatch batch = blockBatch(table, all(), 0);
    ASSERT_EQ(batch.count, unit.blockCount);
    for (const BlockLocation& place : std::span(batch.places).first(size_t(batch.count)))
        for (int32_t i = 0; i < place.paddedElements; ++i) {
            loops::packElement(found.gradient.data(), found.packed.data(), place, i);
            loops::roundElement(found.gradient.data(), place, i);
        }
    EXPECT_TRUE(found == expected);
    EXPECT_FALSE(found == start());
}

TEST_F(BlockLoops, NormsHaveTheBitsOfTheCpuKernels) {
    Work expected = start(), found = start();
    normBlocks(table, all(), expected.gradient.data(), expected.norms.data(), workers);
    const BlockBatch batch = blockBatch(table, all(), 0);
    for (int block = 0; block < batch.count; ++block) {
        double lanes[kNormLanes];
        for (int lane = kNormLanes - 1; lane >= 0; --lane)
            lanes[lane] =
                loops::laneSum(found.gradient.data() + batch.places[block].offset, batch.places[block].elements, lane);
        found.norms[size_t(block)] = loops::sumOfLanes(lanes);
    }
    EXPECT_TRUE(found == expected);
}

TEST(BlockBatch, CoversARunInOrder) {
    ModelSpec large = model();
    large.vocabulary = 150000;
    const TensorTable table(large);
    const UnitInfo& unit = table.units()[0];
    const BlockRange run{unit.firstBlock + 1, unit.blockCount - 1};
    ASSERT_GT(run.count, 2 * kBatchBlocks);
    ASSERT_NE(run.count % kBatchBlocks, 0);
    int64_t at = 0;
    int done = 0;
    while (done < run.count) {
        const BlockBatch batch = blockBatch(table, run, done);
        ASSERT_GT(batch.count, 0);
        ASSERT_LE(batch.count, kBatchBlocks);
        for (int i = 0; i < batch.count; ++i) {
            const BlockInfo& block = table.blocks()[size_t(run.first + done + i)];
            ASSERT_EQ(batch.places[i].offset, at);
            ASSERT_EQ(batch.places[i].elements, block.elements);
            ASSERT_EQ(batch.places[i].paddedElements, block.paddedElements);
            at += block.paddedElements;
        }
        done += batch.count;
    }
    EXPECT_EQ(done, run.count);
}

TEST_F(BlockLoops, NoBlocksIsNoWork) {
    EXPECT_TRUE(joinBlocksCuda(table, Precision::Fp32, {}, nullptr, nullptr, nullptr, nullptr).ok());
    EXPECT_TRUE(splitBlocksCuda(table, Precision::Fp32, {}, nullptr, nullptr, nullptr, nullptr).ok());
    EXPECT_TRUE(normBlocksCuda(table, {}, nullptr, nullptr, nullptr).ok());
    EXPECT_TRUE(roundGradientsCuda(table, {}, nullptr, nullptr).ok());
    EXPECT_TRUE(packGradientsCuda(table, {}, nullptr, nullptr, nullptr).ok());
    EXPECT_TRUE(unpackGradientsCuda(table, {}, nullptr, nullptr, nullptr).ok());
    EXPECT_TRUE(zeroFillCuda(nullptr, 0, nullptr).ok());
}

TEST_F(BlockLoops, WithoutACardTheKernelsSayWhy) {
    if (Card::isThere())
        GTEST_SKIP() << "this machine has a CUDA card";
    Work work = start();
    const Status statuses[] = {
        joinBlocksCuda(table, Precision::Bf16, all(), work.state.hi.data(), nullptr, work.bf16.data(), nullptr),
        splitBlocksCuda(table, Precision::Fp32, all(), work.fp32.data(), work.state.hi.data(), work.state.lo.data(),
                        nullptr),
        normBlocksCuda(table, all(), work.gradient.data(), work.norms.data(), nullptr),
        roundGradientsCuda(table, all(), work.gradient.data(), nullptr),
        packGradientsCuda(table, all(), work.gradient.data(), work.packed.data(), nullptr),
        unpackGradientsCuda(table, all(), work.packed.data(), work.gradient.data(), nullptr),
        zeroFillCuda(work.fp32.data(), 64, nullptr)};
    for (const Status& status : statuses) {
        ASSERT_FALSE(status.ok());
        EXPECT_NE(status.error().text().find("processor"), std::string::npos) << status.error().text();
    }
    EXPECT_TRUE(work == start());
}

/// The same work on a card.
class BlockMathCuda : public BlockLoops {
protected:
    void SetUp() override {
        if (!Card::isThere())
            GTEST_SKIP() << "this machine has no CUDA card: the kernels are compiled, but not tried";
        card.open();
    }

    Card card;
};

TEST_F(BlockMathCuda, JoinsAndSplitsAsTheProcessor) {
    Work expected = start(), found = start();
    EXPECT_TRUE(joinBlocks(table, Precision::Fp32, all(), expected.state.hi.data(), expected.state.lo.data(),
                           expected.fp32.data(), workers)
                    .ok());
    EXPECT_TRUE(
        joinBlocks(table, Precision::Bf16, all(), expected.state.hi.data(), nullptr, expected.bf16.data(), workers)
            .ok());
    EXPECT_TRUE(joinBlocks(table, Precision::Fp16, all(), expected.state.hi.data(), expected.state.lo.data(),
                           expected.fp16.data(), workers)
                    .ok());
    uint16_t *hi = card.upload(found.state.hi), *lo = card.upload(found.state.lo), *bf16 = card.upload(found.bf16),
             *fp16 = card.upload(found.fp16);
    float* fp32 = card.upload(found.fp32);
    ASSERT_TRUE(joinBlocksCuda(table, Precision::Fp32, all(), hi, lo, fp32, card.stream()).ok());
    ASSERT_TRUE(joinBlocksCuda(table, Precision::Bf16, all(), hi, nullptr, bf16, card.stream()).ok());
    ASSERT_TRUE(joinBlocksCuda(table, Precision::Fp16, all(), hi, lo, fp16, card.stream()).ok());
    uint16_t *newHi = card.upload(found.bf16), *newLo = card.upload(found.bf16);
    ASSERT_TRUE(splitBlocksCuda(table, Precision::Fp32, all(), fp32, newHi, newLo, card.stream()).ok());
    card.download(found.fp32, fp32);
    card.download(found.bf16, bf16);
    card.download(found.fp16, fp16);
    card.download(found.state.hi, newHi);
    card.download(found.state.lo, newLo);
    splitBlocks(table, Precision::Fp32, all(), expected.fp32.data(), expected.state.hi.data(), expected.state.lo.data(),
                workers);
    EXPECT_TRUE(found == expected);
}

TEST_F(BlockMathCuda, RoundsAndPacksGradientsAsTheProcessor) {
    Work expected = start(), found = start();
    packGradients(table, all(), expected.gradient.data(), expected.packed.data(), workers);
    unpackGradients(table, all(), expected.packed.data(), expected.fp32.data(), workers);
    roundGradients(table, all(), expected.gradient.data(), workers);
    float *gradient = card.upload(found.gradient), *fp32 = card.upload(found.fp32);
    uint16_t* packed = card.upload(found.packed);
    ASSERT_TRUE(packGradientsCuda(table, all(), gradient, packed, card.stream()).ok());
    ASSERT_TRUE(unpackGradientsCuda(table, all(), packed, fp32, card.stream()).ok());
    ASSERT_TRUE(roundGradientsCuda(table, all(), gradient, card.stream()).ok());
    card.download(found.gradient, gradient);
    card.download(found.packed, packed);
    card.download(found.fp32, fp32);
    EXPECT_TRUE(found == expected);
}

/// More blocks than one launch takes.
TEST_F(BlockMathCuda, NormsHaveTheBitsOfTheProcessor) {
    ModelSpec large = model();
    large.vocabulary = 60000;
    const TensorTable wide(large);
    const UnitInfo& embedding = wide.units()[0];
    ASSERT_GT(embedding.blockCount, kBatchBlocks);
    const BlockRange blocks{embedding.firstBlock, embedding.blockCount};
    const std::vector<float> gradient = randomGradient(size_t(embedding.paddedElements), 4);
    std::vector<double> expected(size_t(embedding.blockCount)), found(expected.size());
    normBlocks(wide, blocks, gradient.data(), expected.data(), workers);
    double* norms = card.upload(found);
    ASSERT_TRUE(normBlocksCuda(wide, blocks, card.upload(gradient), norms, card.stream()).ok());
    card.download(found, norms);
    EXPECT_TRUE(sameBits(found, expected));
}

TEST_F(BlockMathCuda, ZeroFills) {
    std::vector<float> values(1000, 3.0f);
    float* data = card.upload(values);
    ASSERT_TRUE(zeroFillCuda(data, 999 * sizeof(float), card.stream()).ok());
    card.download(values, data);
    EXPECT_EQ(std::count(values.begin(), values.end(), 0.0f), 999);
    EXPECT_EQ(values.back(), 3.0f);
}

}  // namespace
}  // namespace gsst::test
