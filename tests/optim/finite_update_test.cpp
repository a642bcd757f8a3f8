// SPDX-License-Identifier: GPL-3.0-or-later
// An update tells whether all that it wrote is finite, whatever its state, its instruction set and the place of the
// culprit.
#include "optim/adamw.h"
#include "optim/block_math.h"
#include "optim/element_step.h"
#include "optim/kernels/block_loops.h"
#include "optim_helpers.h"
#include "tests/support/models.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>

namespace gsst::test {
namespace {

constexpr size_t kCount = 1531;  // no multiple of a vector, and the last group of 256 is short
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kLargestFloat = std::numeric_limits<float>::max();

/// Updates with all kinds of state and output that a kernel knows.
class FiniteUpdate : public testing::TestWithParam<StatePreset> {
protected:
    bool isExact() const { return GetParam() == StatePreset::Exact; }

    /// Sets up gradient, state and constants of its own, then asks each kernel.
    using Spoil = std::function<void(State&, std::vector<float>& gradient, AdamWConstants&, size_t)>;
    void expectFinite(bool finite, const std::string& what, const Spoil& spoil) {
        for (size_t at : {size_t{0}, size_t{255}, size_t{256}, size_t{700}, kCount - 1})
            for (const CpuKernels& kernels : supportedCpuKernels())
                for (int output : {0, 1, 2}) {
                    State state = randomState(kCount);
                    std::vector<float> gradient = randomGradient(kCount, 9);
                    TrainSpec training;
                    training.warmupSteps = 0;
                    AdamWConstants constants = adamwConstants(training, 7, 1.0f);
                    spoil(state, gradient, constants, at);
                    QuantizedState encoded = coded(state);
                    std::vector<float> fp32(kCount);
                    std::vector<uint16_t> bf16(kCount);
                    UpdateArrays arrays = isExact() ? state.arrays(gradient.data(), 0, kCount)
                                                    : encoded.arrays(GetParam(), gradient.data(), 0, kCount);
                    arrays.weightsFp32 = output == 1 ? fp32.data() : nullptr;
                    arrays.weightsBf16 = output == 2 ? bf16.data() : nullptr;
                    const auto kernel =
                        isExact() ? kernels.update<AdamWMath>().plain : kernels.update<AdamWMath>().quantized;
                    EXPECT_EQ(kernel(arrays, constants.keep, constants), finite)
                        << what << " at " << at << ", " << kernels.name << ", output " << output;
                }
    }
};
INSTANTIATE_TEST_SUITE_P(Presets, FiniteUpdate,
                         testing::Values(StatePreset::Exact, StatePreset::Mixed, StatePreset::Lean),
                         [](const auto& each) { return std::string(nameOf(each.param)); });

TEST_P(FiniteUpdate, ThatIsGoodSaysSo) {
    expectFinite(true, "nothing", [](State&, std::vector<float>&, AdamWConstants&, size_t) {});
    expectFinite(true, "zeros", [](State& state, std::vector<float>& gradient, AdamWConstants&, size_t at) {
        gradient[at] = -0.0f;
        state.moment1[at] = state.moment2[at] = 0;
        state.setWeight(at, 0);
    });
    expectFinite(true, "the largest gradient whose square fits",
                 [](State&, std::vector<float>& gradient, AdamWConstants&, size_t at) { gradient[at] = 1e18f; });
    expectFinite(true, "a huge weight",
                 [](State& state, std::vector<float>&, AdamWConstants&, size_t at) { state.setWeight(at, -1e38f); });
}

TEST_P(FiniteUpdate, OfAGradientThatIsNotFinite) {
    for (float value :
         {kInfinity, -kInfinity, std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::quiet_NaN()})
        expectFinite(
            false, std::to_string(value),
            [value](State&, std::vector<float>& gradient, AdamWConstants&, size_t at) { gradient[at] = value; });
}

TEST_P(FiniteUpdate, WhoseSquareOverflows) {
    // The weight comes out unharmed: it is divided by infinity, and never changes again.
    expectFinite(false, "1e25",
                 [](State&, std::vector<float>& gradient, AdamWConstants&, size_t at) { gradient[at] = -1e25f; });
}

TEST_P(FiniteUpdate, WhoseWeightOverflows) {
    expectFinite(false, "a large step",
                 [](State& state, std::vector<float>& gradient, AdamWConstants& constants, size_t at) {
                     state.setWeight(at, 3.3e38f);
                     state.moment1[at] = gradient[at] = -1;
                     state.moment2[at] = 1;
                     constants.stepSize = 1e38f;
                 });
}

TEST_P(FiniteUpdate, WhoseWeightNoBf16CanHold) {
    if (GetParam() == StatePreset::Lean)
        return;  // rounds its weights itself, and never to infinity
    expectFinite(false, "the largest float",
                 [](State& state, std::vector<float>& gradient, AdamWConstants& constants, size_t at) {
                     state.setWeight(at, kLargestFloat);
                     gradient[at] = 0;
                     constants.keep = 1;
                     constants.stepSize = 0;
                 });
}

TEST_P(FiniteUpdate, OfAStateThatWasNot) {
    expectFinite(false, "weight",
                 [](State& state, std::vector<float>&, AdamWConstants&, size_t at) { state.setWeight(at, kInfinity); });
    expectFinite(false, "first moment",
                 [](State& state, std::vector<float>&, AdamWConstants&, size_t at) { state.moment1[at] = kInfinity; });
    expectFinite(false, "second moment",
                 [](State& state, std::vector<float>&, AdamWConstants&, size_t at) { state.moment2[at] = kInfinity; });
}

/// All blocks of a unit, with several threads.
class FiniteBlocks : public testing::TestWithParam<StatePreset> {};
INSTANTIATE_TEST_SUITE_P(Presets, FiniteBlocks,
                         testing::Values(StatePreset::Exact, StatePreset::Mixed, StatePreset::Lean),
                         [](const auto& each) { return std::string(nameOf(each.param)); });

TEST_P(FiniteBlocks, TellWhateverTheBlock) {
    const TensorTable table(modelOf(Family::Gpt2, {.width = 128, .ffnWidth = 256, .vocabulary = 300}));
    const StateFormat format(table, GetParam(), kAdamW, kWholeState);
    const UnitInfo& unit = table.units()[2];
    ASSERT_GT(unit.blockCount, 3);
    const BlockRange blocks{unit.firstBlock, unit.blockCount};
    WorkerPool workers(2);
    for (int culprit = -1; culprit < unit.blockCount; ++culprit) {
        std::vector<std::vector<std::byte>> sections;
        for (StateKind kind : {StateKind::Hi, StateKind::Lo, StateKind::Moment1, StateKind::Moment2})
            sections.emplace_back(format.has(kind) ? size_t(format.bytes(blocks.first, blocks.count, kind)) : 0);
        std::vector<float> gradient(size_t(unit.paddedElements), 1e-3f);
        if (culprit >= 0)
            gradient[size_t(table.blocks()[size_t(unit.firstBlock + culprit)].offset)] = 1e30f;
        uint32_t notFinite = 0;
        BlockUpdate update;
        update.blocks = blocks;
        for (StateKind kind : kStateKinds)
            update.state[kind] = sections[size_t(kind)].data();
        update.gradient = gradient.data();
        update.notFinite = &notFinite;
        EXPECT_TRUE(updateBlocks(table, format, TrainSpec{}, update, workers).ok());
        EXPECT_EQ(notFinite, culprit >= 0 ? 1u : 0u) << culprit;
        update.notFinite = nullptr;
        EXPECT_TRUE(updateBlocks(table, format, TrainSpec{}, update, workers).ok());  // nobody asks
    }
}

// What a thread of the CUDA kernel does.
TEST(FiniteElement, TellsOfItself) {
    State state = randomState(8);
    std::vector<float> gradient(8, 1e-3f);
    uint32_t notFinite = 0;
    BlockArrays arrays;
    arrays.hi = state.hi.data();
    arrays.lo = state.lo.data();
    arrays.moment1 = reinterpret_cast<std::byte*>(state.moment1.data());
    arrays.moment2 = reinterpret_cast<std::byte*>(state.moment2.data());
    arrays.gradient = gradient.data();
    arrays.notFinite = &notFinite;
    BlockLocation place;
    place.elements = 6;
    place.paddedElements = 8;
    const AdamWConstants constants = adamwConstants(TrainSpec{}, 7, 1.0f);
    gradient[6] = kInfinity;  // padding
    for (int i = 0; i < 8; ++i)
        loops::updateElement<AdamWMath>(arrays, place, i, constants);
    EXPECT_EQ(notFinite, 0u);
    gradient[5] = 1e30f;
    for (int i = 0; i < 8; ++i)
        loops::updateElement<AdamWMath>(arrays, place, i, constants);
    EXPECT_EQ(notFinite, 1u);
}

}  // namespace
}  // namespace gsst::test
