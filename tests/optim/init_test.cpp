// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/init.h"

#include "optim/kernels/bf16_split.h"
#include "optim_helpers.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <set>
#include <vector>

namespace gsst {
namespace {

ModelSpec model() {
    ModelSpec spec;
    spec.width = 96;
    spec.vocabulary = 3000;  // more than one block
    return spec;
}

/// The weights of a whole tensor, block by block; checks that padding is left alone.
std::vector<float> valuesOf(const TensorTable& table, const TensorInfo& tensor, uint64_t seed) {
    std::vector<float> values;
    for (int block = tensor.firstBlock; block < tensor.firstBlock + tensor.blockCount; ++block) {
        const BlockInfo& info = table.blocks()[size_t(block)];
        std::vector<uint16_t> hi(size_t(info.paddedElements), 0x1234), lo(size_t(info.paddedElements), 0x1234);
        initialBlock(table, block, seed, hi, lo);
        for (size_t i = 0; i < hi.size(); ++i) {
            if (int64_t(i) < info.elements)
                values.push_back(std::bit_cast<float>(joinHalves(hi[i], lo[i])));
            else
                EXPECT_TRUE(hi[i] == 0x1234 && lo[i] == 0x1234);
        }
    }
    return values;
}

TEST(Init, FollowsTheTensorTable) {
    const TensorTable table(model());
    std::set<InitKind> seen;
    for (const TensorInfo& tensor : table.tensors()) {
        const std::vector<float> values = valuesOf(table, tensor, 1);
        ASSERT_EQ(int64_t(values.size()), tensor.elements);
        seen.insert(tensor.init);
        double sum = 0, squares = 0;
        for (float value : values) {
            sum += double(value);
            squares += double(value) * double(value);
        }
        const double count = double(values.size()), mean = sum / count;
        switch (tensor.init) {
        case InitKind::Zeros:
            EXPECT_EQ(squares, 0) << tensor.name;
            break;
        case InitKind::Ones:
            EXPECT_TRUE(mean == 1 && squares == count) << tensor.name;
            break;
        case InitKind::Normal:
            EXPECT_GT(tensor.initStd, 0);
            EXPECT_NEAR(mean, 0, 5 * tensor.initStd / std::sqrt(count)) << tensor.name;
            EXPECT_NEAR(std::sqrt(squares / count), tensor.initStd, 5 * tensor.initStd / std::sqrt(2 * count))
                << tensor.name;
            break;
        }
    }
    EXPECT_EQ(seen.size(), 3u) << "the model has not all kinds";
}

TEST(Init, IsAFunctionOfSeedTensorAndElement) {
    const TensorTable table(model());
    const TensorInfo& first = *table.find(1, TensorRole::Qkv);
    const TensorInfo& second = *table.find(3, TensorRole::Qkv);
    ASSERT_EQ(first.init, InitKind::Normal);
    const auto values = valuesOf(table, first, 1);
    EXPECT_EQ(values, valuesOf(table, first, 1));
    EXPECT_NE(values, valuesOf(table, first, 2));
    EXPECT_NE(values, valuesOf(table, second, 1));
}

TEST(Init, StateOfABlockIsWeightsAndZeroMoments) {
    const TensorTable table(model());
    for (const auto& [optimizer, preset] : test::kStatesOfOptimizers) {
        const StateFormat format(table, preset, optimizerSpec(optimizer), kWholeState);
        for (int block = 0; block < format.blockCount(); ++block) {
            const size_t padded = size_t(table.blocks()[size_t(block)].paddedElements);
            std::vector<uint16_t> hi(padded), lo(padded), alone(padded);
            initialBlock(table, block, 9, hi, lo);
            initialBlock(table, block, 9, alone, {});
            EXPECT_EQ(alone, hi);
            std::vector<std::byte> expected(size_t(format.bytes(block, 1))), state(expected.size(), std::byte{7});
            std::memcpy(expected.data(), hi.data(), 2 * padded);
            if (preset != StatePreset::Lean)
                std::memcpy(expected.data() + 2 * padded, lo.data(), 2 * padded);
            initialState(table, format, block, 9, state);
            ASSERT_TRUE(state == expected) << nameOf(preset) << " block " << block;
        }
    }
}

TEST(Init, BlocksOfATensorDiffer) {
    const TensorTable table(model());
    const auto values = valuesOf(table, *table.find(0, TensorRole::TokenEmbedding), 1);
    ASSERT_GT(values.size(), size_t(kBlockElements + 1000));
    for (int i = 0; i < 10; ++i)
        EXPECT_NE(values[size_t(i)], values[size_t(kBlockElements + i)]);
}

}  // namespace
}  // namespace gsst
