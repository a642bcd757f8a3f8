// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/block_math_cuda.h"

#include "device/cuda_device.h"
#include "optim/adamw_cpu.h"
#include "optim_helpers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
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

template <typename T>
std::byte* bytesOf(T* values) {
    return reinterpret_cast<std::byte*>(values);
}

/// Compares bytes: a NaN equals itself, and 0 is not -0.
template <typename T>
bool sameBits(const std::vector<T>& a, const std::vector<T>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

/// State, gradient and outputs of one unit with decaying and other tensors, several blocks, and padding.
struct Work {
    State state;
    std::vector<float> gradient;
    std::vector<float> fp32;
    std::vector<uint16_t> bf16;
    std::vector<uint16_t> fp16;
    std::vector<double> norms;

    bool operator==(const Work& other) const {
        return sameBits(state.hi, other.state.hi) && sameBits(state.lo, other.state.lo) && sameBits(state.moment1, other.state.moment1) &&
               sameBits(state.moment2, other.state.moment2) && sameBits(gradient, other.gradient) && sameBits(fp32, other.fp32) &&
               sameBits(bf16, other.bf16) && sameBits(fp16, other.fp16) && sameBits(norms, other.norms);
    }
};

enum class Out { None, Fp32, Bf16, Fp16 };

class BlockLoops : public testing::Test {
protected:
    TensorTable table{model()};
    StateFormat format{table, StatePreset::Exact};
    TrainSpec training;
    const UnitInfo& unit = table.units()[kUnit];
    size_t count = size_t(unit.paddedElements);
    WorkerPool workers{2};

    Work start() const {
        Work work{randomState(count), randomGradient(count, 8), std::vector<float>(count, 7.0f), std::vector<uint16_t>(count, 7),
                  std::vector<uint16_t>(count, 7), std::vector<double>(size_t(unit.blockCount), -1.0)};
        // What is rare: the smallest and the largest numbers, and -0.
        work.gradient[5] = std::numeric_limits<float>::denorm_min();
        work.gradient[6] = -0.0f;
        work.gradient[7] = 3e38f;
        work.state.moment2[8] = std::numeric_limits<float>::min() / 8;
        work.state.setWeight(9, std::numeric_limits<float>::denorm_min());
        work.state.setWeight(10, std::numeric_limits<float>::max());
        return work;
    }
    BlockUpdate update(Work& work, BlockRange blocks, Out out) {
        const size_t offset = size_t(table.blocks()[size_t(blocks.first)].offset);
        training.precision = out == Out::Bf16 ? Precision::Bf16 : out == Out::Fp16 ? Precision::Fp16 : Precision::Fp32;
        BlockUpdate call;
        call.blocks = blocks;
        call.hi = bytesOf(work.state.hi.data() + offset);
        call.lo = bytesOf(work.state.lo.data() + offset);
        call.moment1 = bytesOf(work.state.moment1.data() + offset);
        call.moment2 = bytesOf(work.state.moment2.data() + offset);
        call.gradient = work.gradient.data() + offset;
        if (out != Out::None)
            call.weights = out == Out::Bf16   ? static_cast<void*>(work.bf16.data() + offset)
                           : out == Out::Fp16 ? static_cast<void*>(work.fp16.data() + offset)
                                              : work.fp32.data() + offset;
        call.gradientScale = 0.6f;
        call.step = 3;
        return call;
    }
    BlockRange all() const { return {unit.firstBlock, unit.blockCount}; }
    BlockRange allButFirst() const { return {unit.firstBlock + 1, unit.blockCount - 1}; }
};

/// The kernel's work, one element after the other.
void updateByElements(const TensorTable& table, const TrainSpec& training, const BlockUpdate& update) {
    const AdamWConstants constants = adamwConstants(training, update.step, update.gradientScale);
    const BlockArrays arrays = blockArrays(update, training.precision);
    const BlockBatch batch = blockBatch(table, update.blocks, 0, constants.keep);
    for (int block = 0; block < batch.count; ++block)
        for (int32_t i = batch.places[block].paddedElements - 1; i >= 0; --i)
            loops::updateElement(arrays, batch.places[block], i, constants);
}

TEST_F(BlockLoops, UpdateHasTheBitsOfTheCpuKernels) {
    for (double beta1 : {0.9, 0.3})  // both branches of the interpolation
        for (Out out : {Out::None, Out::Fp32, Out::Bf16, Out::Fp16})
            for (BlockRange blocks : {all(), allButFirst()}) {
                training.beta1 = beta1;
                Work expected = start(), found = start();
                EXPECT_TRUE(updateBlocks(table, format, training, update(expected, blocks, out), workers).ok());
                updateByElements(table, training, update(found, blocks, out));
                EXPECT_TRUE(found == expected) << "beta1 " << beta1 << ", output " << int(out) << ", from block " << blocks.first;
                EXPECT_FALSE(found == start());
            }
}

TEST_F(BlockLoops, JoinHasTheBitsOfTheCpuKernels) {
    Work expected = start(), found = start();
    EXPECT_TRUE(joinBlocks(table, Precision::Fp32, all(), expected.state.hi.data(), expected.state.lo.data(), expected.fp32.data(), workers).ok());
    EXPECT_TRUE(joinBlocks(table, Precision::Bf16, all(), expected.state.hi.data(), nullptr, expected.bf16.data(), workers).ok());
    EXPECT_TRUE(joinBlocks(table, Precision::Fp16, all(), expected.state.hi.data(), expected.state.lo.data(), expected.fp16.data(), workers).ok());
    std::vector<float> upper(count);
    EXPECT_TRUE(joinBlocks(table, Precision::Fp32, all(), expected.state.hi.data(), nullptr, upper.data(), workers).ok());
    for (Out out : {Out::Fp32, Out::Bf16, Out::Fp16}) {
        const BlockUpdate pointers = update(found, all(), out);
        BlockArrays arrays = blockArrays(pointers, training.precision);
        if (out == Out::Bf16)
            arrays.lo = nullptr;
        for (size_t i = 0; i < count; ++i)
            loops::joinElement(arrays, int64_t(i));
    }
    EXPECT_TRUE(found == expected);
    BlockArrays arrays = blockArrays(update(found, all(), Out::Fp32), Precision::Fp32);
    arrays.lo = nullptr;
    for (size_t i = 0; i < count; ++i)
        loops::joinElement(arrays, int64_t(i));
    EXPECT_TRUE(sameBits(found.fp32, upper));
}

TEST_F(BlockLoops, NormsHaveTheBitsOfTheCpuKernels) {
    Work expected = start(), found = start();
    normBlocks(table, all(), expected.gradient.data(), expected.norms.data(), workers);
    const BlockBatch batch = blockBatch(table, all(), 0, 1.0f);
    for (int block = 0; block < batch.count; ++block) {
        double lanes[kNormLanes];
        for (int lane = kNormLanes - 1; lane >= 0; --lane)
            lanes[lane] = loops::laneSum(found.gradient.data() + batch.places[block].offset, batch.places[block].elements, lane);
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
        const BlockBatch batch = blockBatch(table, run, done, 0.5f);
        ASSERT_GT(batch.count, 0);
        ASSERT_LE(batch.count, kBatchBlocks);
        for (int i = 0; i < batch.count; ++i) {
            const BlockInfo& block = table.blocks()[size_t(run.first + done + i)];
            ASSERT_EQ(batch.places[i].offset, at);
            ASSERT_EQ(batch.places[i].elements, block.elements);
            ASSERT_EQ(batch.places[i].paddedElements, block.paddedElements);
            ASSERT_EQ(batch.places[i].keep, table.tensors()[size_t(block.tensor)].decay ? 0.5f : 1.0f);
            at += block.paddedElements;
        }
        done += batch.count;
    }
    EXPECT_EQ(done, run.count);
}

TEST_F(BlockLoops, NoBlocksIsNoWork) {
    EXPECT_TRUE(updateBlocksCuda(table, format, training, BlockUpdate{}, nullptr).ok());
    EXPECT_TRUE(joinBlocksCuda(table, Precision::Fp32, {}, nullptr, nullptr, nullptr, nullptr).ok());
    EXPECT_TRUE(normBlocksCuda(table, {}, nullptr, nullptr, nullptr).ok());
    EXPECT_TRUE(zeroFillCuda(nullptr, 0, nullptr).ok());
}

TEST_F(BlockLoops, OtherStatePresetsAreRefused) {
    Work work = start();
    for (StatePreset preset : {StatePreset::Mixed, StatePreset::Lean}) {
        const Status status = updateBlocksCuda(table, StateFormat(table, preset), training, update(work, all(), Out::Fp32), nullptr);
        ASSERT_FALSE(status.ok());
        EXPECT_NE(status.error().text().find(nameOf(preset)), std::string::npos) << status.error().text();
    }
    EXPECT_TRUE(work == start());
}

TEST_F(BlockLoops, WithoutACardTheKernelsSayWhy) {
    if (!cudaDevices().empty())
        GTEST_SKIP() << "this machine has a CUDA card";
    Work work = start();
    const Status statuses[] = {updateBlocksCuda(table, format, training, update(work, all(), Out::Fp32), nullptr),
                               joinBlocksCuda(table, Precision::Bf16, all(), work.state.hi.data(), nullptr, work.bf16.data(), nullptr),
                               normBlocksCuda(table, all(), work.gradient.data(), work.norms.data(), nullptr),
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
        if (cudaDevices().empty())
            GTEST_SKIP() << "this machine has no CUDA card: the kernels are compiled, but not tried";
        auto created = CudaDevice::create(0, 0);
        ASSERT_TRUE(created.ok()) << created.error().text();
        card = std::move(*created);
        stream = card->nativeStream(Stream::Compute);
    }
    void TearDown() override {
        buffers.clear();
        if (card) {
            EXPECT_TRUE(card->status().ok()) << card->status().error().text();
        }
    }

    /// A copy of `values` on the card.
    template <typename T>
    T* upload(const std::vector<T>& values) {
        auto buffer = card->allocate(int64_t(values.size() * sizeof(T)));
        EXPECT_TRUE(buffer.ok());
        std::byte* data = buffer->data();
        card->hostWait(card->copyIn(Stream::Compute, data, std::as_bytes(std::span(values))));
        buffers.push_back(std::move(*buffer));
        return reinterpret_cast<T*>(data);
    }
    template <typename T>
    void download(std::vector<T>& values, const T* data) {
        card->hostWait(card->copyOut(Stream::Compute, std::as_writable_bytes(std::span(values)), reinterpret_cast<const std::byte*>(data)));
    }
    /// What the CPU does to `expected`, done to `found` on the card.
    void updateOnCard(Work& found, BlockRange blocks, Out out) {
        BlockUpdate call = update(found, blocks, out);
        const int64_t offset = table.blocks()[size_t(blocks.first)].offset;
        uint16_t *hi = upload(found.state.hi), *lo = upload(found.state.lo), *bf16 = upload(found.bf16);
        float *moment1 = upload(found.state.moment1), *moment2 = upload(found.state.moment2), *fp32 = upload(found.fp32);
        call.hi = bytesOf(hi + offset);
        call.lo = bytesOf(lo + offset);
        call.moment1 = bytesOf(moment1 + offset);
        call.moment2 = bytesOf(moment2 + offset);
        call.gradient = upload(found.gradient) + offset;
        if (out != Out::None)
            call.weights = out == Out::Bf16 ? static_cast<void*>(bf16 + offset) : fp32 + offset;
        const Status status = updateBlocksCuda(table, format, training, call, stream);
        ASSERT_TRUE(status.ok()) << status.error().text();
        download(found.state.hi, hi);
        download(found.state.lo, lo);
        download(found.state.moment1, moment1);
        download(found.state.moment2, moment2);
        download(found.fp32, fp32);
        download(found.bf16, bf16);
    }

    std::unique_ptr<CudaDevice> card;
    void* stream = nullptr;
    std::vector<DeviceBuffer> buffers;
};

TEST_F(BlockMathCuda, UpdateHasTheBitsOfTheProcessor) {
    for (double beta1 : {0.9, 0.3})
        for (Out out : {Out::None, Out::Fp32, Out::Bf16, Out::Fp16})
            for (BlockRange blocks : {all(), allButFirst()}) {
                training.beta1 = beta1;
                Work expected = start(), found = start();
                EXPECT_TRUE(updateBlocks(table, format, training, update(expected, blocks, out), workers).ok());
                updateOnCard(found, blocks, out);
                EXPECT_TRUE(found == expected) << "beta1 " << beta1 << ", output " << int(out) << ", from block " << blocks.first;
            }
}

TEST_F(BlockMathCuda, JoinHasTheBitsOfTheProcessor) {
    Work expected = start(), found = start();
    EXPECT_TRUE(joinBlocks(table, Precision::Fp32, all(), expected.state.hi.data(), expected.state.lo.data(), expected.fp32.data(), workers).ok());
    EXPECT_TRUE(joinBlocks(table, Precision::Bf16, all(), expected.state.hi.data(), nullptr, expected.bf16.data(), workers).ok());
    uint16_t *hi = upload(found.state.hi), *lo = upload(found.state.lo), *bf16 = upload(found.bf16);
    float* fp32 = upload(found.fp32);
    ASSERT_TRUE(joinBlocksCuda(table, Precision::Fp32, all(), hi, lo, fp32, stream).ok());
    ASSERT_TRUE(joinBlocksCuda(table, Precision::Bf16, all(), hi, nullptr, bf16, stream).ok());
    download(found.fp32, fp32);
    download(found.bf16, bf16);
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
    double* norms = upload(found);
    ASSERT_TRUE(normBlocksCuda(wide, blocks, upload(gradient), norms, stream).ok());
    download(found, norms);
    EXPECT_TRUE(sameBits(found, expected));
}

TEST_F(BlockMathCuda, ZeroFills) {
    std::vector<float> values(1000, 3.0f);
    float* data = upload(values);
    ASSERT_TRUE(zeroFillCuda(data, 999 * sizeof(float), stream).ok());
    download(values, data);
    EXPECT_EQ(std::count(values.begin(), values.end(), 0.0f), 999);
    EXPECT_EQ(values.back(), 3.0f);
}

}  // namespace
}  // namespace gsst::test
