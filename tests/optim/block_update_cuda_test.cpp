// SPDX-License-Identifier: GPL-3.0-or-later
// The update as CUDA does it, for every state preset: what its threads do, one after the other on the processor; and on
// a card.
#include "card.h"
#include "optim/adamw.h"
#include "optim/block_math_cuda.h"
#include "optim/element_step.h"
#include "optim/kernels/group_loops.h"
#include "optim/lion.h"
#include "state_chunk.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>

namespace gsst::test {
namespace {

enum class Out { None, Fp32, Bf16, Fp16 };
enum class Gradients { Fp32, Packed };

/// State, gradient and outputs of one unit.
struct Work {
    Chunk chunk;
    std::vector<float> gradient;
    std::vector<uint16_t> packed;
    std::vector<float> fp32;
    std::vector<uint16_t> bf16;
    std::vector<uint16_t> fp16;
    std::vector<uint32_t> notFinite;

    bool operator==(const Work& other) const {
        return chunk.bytes == other.chunk.bytes && sameBits(gradient, other.gradient) && packed == other.packed &&
               sameBits(fp32, other.fp32) && bf16 == other.bf16 && fp16 == other.fp16 && notFinite == other.notFinite;
    }
};

class BlockUpdateLoops : public testing::TestWithParam<StateOfOptimizer> {
protected:
    TensorTable table{oddModel()};
    StateFormat format{table, GetParam().preset, optimizerSpec(GetParam().optimizer), kWholeState};
    TrainSpec training = trainingWith(GetParam().optimizer);
    const UnitInfo& unit = table.units()[kUnit];
    size_t count = size_t(unit.paddedElements);
    WorkerPool workers{2};

    BlockRange all() const { return {unit.firstBlock, unit.blockCount}; }
    /// Begins in the middle of a tensor.
    BlockRange later() const {
        const TensorInfo& tensor = matrix();
        return {tensor.firstBlock + 1, unit.firstBlock + unit.blockCount - tensor.firstBlock - 1};
    }
    /// Of several blocks, quantized where the preset does that.
    const TensorInfo& matrix() const {
        for (const TensorInfo& tensor : table.tensorsOf(kUnit))
            if (tensor.blockCount > 1)
                return tensor;
        ADD_FAILURE() << "all tensors are small";
        return table.tensors().front();
    }

    const Work& start() const { return m_start; }

    BlockUpdate update(Work& work, BlockRange blocks, Out out, Gradients gradients) {
        const size_t offset = size_t(table.blocks()[size_t(blocks.first)].offset);
        training.precision = out == Out::Bf16 ? Precision::Bf16 : out == Out::Fp16 ? Precision::Fp16 : Precision::Fp32;
        training.seed = 0x123456789abcdef0;
        training.schedule = ScheduleKind::Constant;
        BlockUpdate call = work.chunk.update(blocks);
        if (gradients == Gradients::Fp32)
            call.gradient = work.gradient.data() + offset;
        else
            call.packed = work.packed.data() + offset;
        if (out != Out::None)
            call.weights = out == Out::Bf16   ? static_cast<void*>(work.bf16.data() + offset)
                           : out == Out::Fp16 ? static_cast<void*>(work.fp16.data() + offset)
                                              : work.fp32.data() + offset;
        call.gradientScale = 0.6f;
        call.step = (int64_t{1} << 33) + 3;  // both words of the stream count
        call.notFinite = work.notFinite.data();
        return call;
    }

    /// Calls compare(blocks, output, kind of gradient) for all combinations.
    template <typename Compare>
    void forAll(const Compare& compare) {
        for (const double beta1 : {0.9, 0.3})  // both branches of the interpolation
            for (const Out out : {Out::None, Out::Fp32, Out::Bf16, Out::Fp16})
                for (const Gradients gradients : {Gradients::Fp32, Gradients::Packed})
                    for (const BlockRange blocks : {all(), later()}) {
                        training.beta1 = beta1;
                        SCOPED_TRACE("beta1 " + std::to_string(beta1) + ", output " + std::to_string(int(out)) +
                                     ", gradients " + std::to_string(int(gradients)) + ", from block " +
                                     std::to_string(blocks.first - unit.firstBlock));
                        compare(blocks, out, gradients);
                    }
    }
    void updateOnProcessor(Work& work, BlockRange blocks, Out out, Gradients gradients) {
        EXPECT_TRUE(updateBlocks(table, format, training, update(work, blocks, out, gradients), workers).ok());
    }
    void updateByThreads(Work& work, BlockRange blocks, Out out, Gradients gradients);
    template <typename Math>
    void updateByThreads(const BlockUpdate& call, const typename Math::Constants& constants);
    /// A gradient that makes the last moment infinite, and nothing else. It is finite where that is a square.
    float overflowing() const {
        return training.optimizer == OptimizerKind::Lion ? -std::numeric_limits<float>::infinity() : -1e30f;
    }
    /// The last moment of a quantized block.
    QuantizedMoment lastMoment(Work& work, int block) const {
        const UpdateArrays arrays = work.chunk.arrays(block);
        return arrays.quantized2.codes ? arrays.quantized2 : arrays.quantized1;
    }

private:
    Work makeStart() const {
        Work work{Chunk(table, format),
                  randomGradient(count, 8),
                  std::vector<uint16_t>(count),
                  std::vector<float>(count, 7.0f),
                  std::vector<uint16_t>(count, 7),
                  std::vector<uint16_t>(count, 7),
                  {0}};
        State state = randomState(count);
        // What is rare, in the first tensor, which is small, and in a large one: the smallest and the largest numbers,
        // and -0.
        for (const size_t first : {size_t{0}, size_t(matrix().offset)}) {
            work.gradient[first + 5] = std::numeric_limits<float>::denorm_min();
            work.gradient[first + 6] = -0.0f;
            work.gradient[first + 7] = 1e18f;
            state.moment1[first + 6] = -0.0f;
            state.moment2[first + 8] = std::numeric_limits<float>::min() / 8;
            state.setWeight(first + 9, std::numeric_limits<float>::denorm_min());
            state.setWeight(first + 10, 3e38f);
        }
        work.chunk.set(state);
        for (size_t i = 0; i < count; ++i)
            work.packed[i] = nearestBf16(loops::bitsOf(work.gradient[i] * 0.7f));
        return work;
    }

    const Work m_start = makeStart();
};
INSTANTIATE_TEST_SUITE_P(States, BlockUpdateLoops, testing::ValuesIn(kStatesOfOptimizers), nameOfState);

template <typename Math>
void updateByElements(const BlockArrays& arrays, const BlockLocation& place,
                      const typename Math::Constants& constants) {
    for (int32_t i = place.paddedElements - 1; i >= 0; --i)
        loops::updateElement<Math>(arrays, place, i, constants);
}

/// Each lane does its first half before any does its second, the last one first.
template <typename Math>
void updateByGroups(const BlockArrays& arrays, const BlockLocation& place, const typename Math::Constants& constants) {
    for (int32_t group = place.paddedElements / kGroupElements - 1; group >= 0; --group) {
        std::array<LaneMoments, kGroupLanes> kept;
        LargestMoments largest;
        for (int lane = kGroupLanes - 1; lane >= 0; --lane) {
            const LargestMoments own =
                loops::updateLane<Math>(arrays, place, group, lane, constants, kept[size_t(lane)]);
            largest = {loops::larger(largest.moment1, own.moment1), loops::larger(largest.moment2, own.moment2)};
        }
        for (int lane = kGroupLanes - 1; lane >= 0 && place.quantized; --lane)
            loops::encodeLane<Math>(arrays, place, group, lane, kept[size_t(lane)], largest);
    }
}

template <typename Math>
void BlockUpdateLoops::updateByThreads(const BlockUpdate& call, const typename Math::Constants& constants) {
    const BlockArrays arrays = blockArrays(format, training, call);
    const BlockBatch batch = updateBatch(table, format, call.blocks, 0, constants.keep);
    ASSERT_EQ(batch.count, call.blocks.count);
    const auto update = GetParam().preset == StatePreset::Exact ? updateByElements<Math> : updateByGroups<Math>;
    for (int block = batch.count - 1; block >= 0; --block)
        update(arrays, batch.places[block], constants);
}

void BlockUpdateLoops::updateByThreads(Work& work, BlockRange blocks, Out out, Gradients gradients) {
    const BlockUpdate call = update(work, blocks, out, gradients);
    if (training.optimizer == OptimizerKind::Lion)
        updateByThreads<LionMath>(call, lionConstants(training, call.step, call.gradientScale));
    else
        updateByThreads<AdamWMath>(call, adamwConstants(training, call.step, call.gradientScale));
}

TEST_P(BlockUpdateLoops, HaveTheBitsOfTheCpuKernels) {
    int quantized = 0;
    for (int block = unit.firstBlock; block < unit.firstBlock + unit.blockCount; ++block)
        quantized += format.quantized(block, StateKind::Moment1);
    ASSERT_EQ(quantized > 0, GetParam().preset != StatePreset::Exact);
    ASSERT_LT(quantized, unit.blockCount);
    ASSERT_NE(matrix().elements % kGroupElements, 0);
    forAll([&](BlockRange blocks, Out out, Gradients gradients) {
        Work expected = start(), found = start();
        updateOnProcessor(expected, blocks, out, gradients);
        updateByThreads(found, blocks, out, gradients);
        EXPECT_TRUE(found == expected);
        EXPECT_FALSE(found == start());
        EXPECT_EQ(expected.notFinite[0], 0u);
    });
}

/// The last moment is not finite, all else is.
TEST_P(BlockUpdateLoops, TellWhatIsNotFiniteAsTheCpuKernelsDo) {
    for (const size_t at :
         {size_t{3}, size_t(matrix().offset) + 700, size_t(matrix().offset + matrix().elements) - 1}) {
        Work expected = start(), found = start();
        expected.gradient[at] = found.gradient[at] = overflowing();
        updateOnProcessor(expected, all(), Out::Fp32, Gradients::Fp32);
        updateByThreads(found, all(), Out::Fp32, Gradients::Fp32);
        EXPECT_TRUE(found == expected) << at;
        EXPECT_EQ(found.notFinite[0], 1u) << at;
    }
}

/// The largest float, whose `hi` is infinite; that is all of the weight with Lean.
TEST_P(BlockUpdateLoops, TellOfAWeightThatNoBf16Holds) {
    Work expected = start(), found = start();
    for (Work* work : {&expected, &found}) {
        UpdateArrays arrays = work->chunk.arrays(matrix().firstBlock);
        arrays.hi[700] = 0x7f80;
        if (arrays.lo)
            arrays.lo[700] = 0xffff;
        work->gradient[size_t(matrix().offset) + 700] = 0;
    }
    updateOnProcessor(expected, all(), Out::Fp32, Gradients::Fp32);
    updateByThreads(found, all(), Out::Fp32, Gradients::Fp32);
    EXPECT_TRUE(found == expected);
    EXPECT_EQ(found.notFinite[0], 1u);
}

TEST_P(BlockUpdateLoops, ANaNShowsInItsGroup) {
    if (GetParam().preset == StatePreset::Exact)
        return;  // has no groups
    const int block = matrix().firstBlock;
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        Work clean = start(), found = start();
        updateByThreads(clean, all(), Out::Fp32, Gradients::Fp32);
        found.gradient[size_t(matrix().offset) + 700] = bad;
        updateByThreads(found, all(), Out::Fp32, Gradients::Fp32);
        EXPECT_EQ(found.notFinite[0], 1u);
        UpdateArrays harmed = found.chunk.arrays(block), good = clean.chunk.arrays(block);
        // The sign of infinity is a step like any other.
        EXPECT_EQ(std::isnan(loops::floatOf(uint32_t{harmed.hi[700]} << 16)),
                  std::isnan(bad) || training.optimizer != OptimizerKind::Lion);
        for (int64_t i = 0; i < harmed.count; ++i) {
            const bool hit = i / kGroupElements == 700 / kGroupElements;
            ASSERT_EQ(harmed.quantized1.codes[i], hit ? 0 : good.quantized1.codes[i]) << i;
            ASSERT_EQ(std::isnan(harmed.quantized1.scales[i / kGroupElements]), hit) << i;
            if (harmed.quantized2.codes) {
                ASSERT_EQ(harmed.quantized2.codes[i], hit ? 0 : good.quantized2.codes[i]) << i;
                ASSERT_EQ(std::isnan(harmed.quantized2.scales[i / kGroupElements]), hit) << i;
            }
            ASSERT_TRUE(i == 700 || harmed.hi[i] == good.hi[i]) << i;
        }
    }
}

TEST_P(BlockUpdateLoops, BatchesTellWhereStateLies) {
    ModelSpec large = oddModel();
    large.tiedHead = false;
    large.vocabulary = 90000;
    const TensorTable wide(large);
    const StateFormat wideFormat(wide, GetParam().preset, optimizerSpec(GetParam().optimizer), kWholeState);
    for (const int number : {0, wide.headUnit()}) {
        const UnitInfo& whole = wide.units()[size_t(number)];
        const BlockRange run{whole.firstBlock + 1, whole.blockCount - 1};
        ASSERT_GT(run.count, 2 * kBatchBlocks);
        ASSERT_NE(run.count % kBatchBlocks, 0);
        for (int done = 0; done < run.count; done += kBatchBlocks) {
            const BlockBatch batch = updateBatch(wide, wideFormat, run, done, 0.5f);
            ASSERT_EQ(batch.count, std::min(kBatchBlocks, run.count - done));
            for (int i = 0; i < batch.count; ++i) {
                const BlockLocation& place = batch.places[i];
                const BlockInfo& block = wide.blocks()[size_t(run.first + done + i)];
                const TensorInfo& tensor = wide.tensors()[size_t(block.tensor)];
                ASSERT_EQ(place.offset, block.offset - wide.blocks()[size_t(run.first)].offset);
                ASSERT_EQ(place.elements, block.elements);
                for (const StateKind kind : wideFormat.kinds())
                    if (isMoment(kind)) {
                        ASSERT_EQ(place.momentBytes, wideFormat.bytes(run.first, done + i, kind));
                        ASSERT_EQ(place.quantized, wideFormat.quantized(run.first + done + i, kind));
                    }
                ASSERT_EQ(place.keep, tensor.decay ? 0.5f : 1.0f);
                ASSERT_EQ(place.randomIndex,
                          roundingIndex({0, 0, block.tensor}, (block.offset - tensor.offset) / kScaleGroup));
            }
        }
    }
}

TEST_P(BlockUpdateLoops, NoBlocksIsNoWork) {
    EXPECT_TRUE(updateBlocksCuda(table, format, training, BlockUpdate{}, nullptr).ok());
}

TEST_P(BlockUpdateLoops, WithoutACardTheKernelsSayWhy) {
    if (Card::isThere())
        GTEST_SKIP() << "this machine has a CUDA card";
    Work work = start();
    const Status status =
        updateBlocksCuda(table, format, training, update(work, all(), Out::Fp32, Gradients::Fp32), nullptr);
    ASSERT_FALSE(status.ok());
    EXPECT_NE(status.error().text().find("processor"), std::string::npos) << status.error().text();
    EXPECT_TRUE(work == start());
}

/// The same work on a card.
class BlockUpdateCuda : public BlockUpdateLoops {
protected:
    void SetUp() override {
        if (!Card::isThere())
            GTEST_SKIP() << "this machine has no CUDA card: the kernels are compiled, but not tried";
        card.open();
    }
    void updateOnCard(Work& work, BlockRange blocks, Out out, Gradients gradients) {
        const int64_t offset = table.blocks()[size_t(blocks.first)].offset;
        BlockUpdate call = update(work, blocks, out, gradients);
        std::byte* state = card.upload(work.chunk.bytes);
        uint16_t *bf16 = card.upload(work.bf16), *fp16 = card.upload(work.fp16);
        float* fp32 = card.upload(work.fp32);
        uint32_t* notFinite = card.upload(work.notFinite);
        for (StateKind kind : format.kinds())
            call.state[kind] = state + work.chunk.offset(blocks.first, kind);
        if (call.gradient)
            call.gradient = card.upload(work.gradient) + offset;
        else
            call.packed = card.upload(work.packed) + offset;
        if (out != Out::None)
            call.weights = out == Out::Bf16   ? static_cast<void*>(bf16 + offset)
                           : out == Out::Fp16 ? static_cast<void*>(fp16 + offset)
                                              : fp32 + offset;
        call.notFinite = notFinite;
        const Status status = updateBlocksCuda(table, format, training, call, card.stream());
        ASSERT_TRUE(status.ok()) << status.error().text();
        card.download(work.chunk.bytes, state);
        card.download(work.fp32, fp32);
        card.download(work.bf16, bf16);
        card.download(work.fp16, fp16);
        card.download(work.notFinite, notFinite);
    }

    Card card;
};
INSTANTIATE_TEST_SUITE_P(States, BlockUpdateCuda, testing::ValuesIn(kStatesOfOptimizers), nameOfState);

TEST_P(BlockUpdateCuda, HasTheBitsOfTheProcessor) {
    forAll([&](BlockRange blocks, Out out, Gradients gradients) {
        Work expected = start(), found = start();
        updateOnProcessor(expected, blocks, out, gradients);
        updateOnCard(found, blocks, out, gradients);
        EXPECT_TRUE(found == expected);
    });
}

TEST_P(BlockUpdateCuda, TellsWhatIsNotFinite) {
    for (const size_t at : {size_t{3}, size_t(matrix().offset) + 700}) {
        Work expected = start(), found = start();
        expected.gradient[at] = found.gradient[at] = overflowing();
        updateOnProcessor(expected, all(), Out::Fp32, Gradients::Fp32);
        updateOnCard(found, all(), Out::Fp32, Gradients::Fp32);
        EXPECT_EQ(found.notFinite[0], 1u) << at;
        if (at != 3 && GetParam().preset != StatePreset::Exact) {
            // A NaN has other bits on a card.
            for (Work* work : {&expected, &found}) {
                float& scale = lastMoment(*work, matrix().firstBlock).scales[700 / kGroupElements];
                EXPECT_TRUE(std::isnan(scale));
                scale = 0;
            }
        }
        EXPECT_TRUE(found == expected) << at;
    }
}

}  // namespace
}  // namespace gsst::test
