// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/philox.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace gsst {
namespace {

using Words = std::array<uint32_t, 4>;

// The known answers for philox4x32 in the file tests/kat_vectors of Random123
// (https://github.com/DEShawResearch/random123), the library of Salmon, Moraes, Dror and Shaw, "Parallel Random
// Numbers: As Easy as 1, 2, 3", SC11, 2011: with counters and keys of zeros, of ones, and of the digits of pi; here its
// lines "philox4x32 10", below those of "philox4x32 7".
TEST(Philox, GivesThePublishedVectors) {
    EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Words{0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u}));
    EXPECT_EQ(philox({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}), (Words{0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu}));
    EXPECT_EQ(philox({0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u}, {0xa4093822u, 0x299f31d0u}),
              (Words{0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u}));
}

TEST(Philox, GivesThePublishedVectorsOfSevenRounds) {
    const auto seven = [](PhiloxWords counter, PhiloxKey key) {
        const PhiloxWords block = philoxRounds<7>(counter, key);
        return Words{block.words[0], block.words[1], block.words[2], block.words[3]};
    };
    EXPECT_EQ(seven({{0, 0, 0, 0}}, {0, 0}), (Words{0x5f6fb709u, 0x0d893f64u, 0x4f121f81u, 0x4f730a48u}));
    EXPECT_EQ(seven({{~0u, ~0u, ~0u, ~0u}}, {~0u, ~0u}), (Words{0x5207ddc2u, 0x45165e59u, 0x4d8ee751u, 0x8c52f662u}));
    EXPECT_EQ(seven({{0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u}}, {0xa4093822u, 0x299f31d0u}),
              (Words{0x4dfccabau, 0x190a87f0u, 0xc47362bau, 0xb6b5242au}));
}

TEST(Philox, BlockPlacesSeedStreamAndIndex) {
    EXPECT_EQ(philoxBlock(0x299f31d0'a4093822u, 0x03707344'13198a2eu, 0x85a308d3'243f6a88u),
              (Words{0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u}));
    EXPECT_EQ(randomBits(0, 0, 0), 0xe169c58d'6627e8d5u);
}

TEST(Philox, UniformIsInRangeAndFlat) {
    constexpr int kCount = 200'000, kBins = 16;
    std::array<int, kBins> bins{};
    for (int i = 0; i < kCount; ++i) {
        const double value = uniformAt(7, 3, static_cast<uint64_t>(i));
        ASSERT_GE(value, 0.0);
        ASSERT_LT(value, 1.0);
        ++bins[static_cast<size_t>(value * kBins)];
    }
    double chiSquare = 0;
    for (const int count : bins)
        chiSquare += std::pow(count - kCount / kBins, 2) / (kCount / kBins);
    EXPECT_LT(chiSquare, 37.7);  // 15 degrees of freedom, one in a thousand
    EXPECT_EQ(uniformAt(7, 3, 5), uniformAt(7, 3, 5));
    EXPECT_NE(uniformAt(7, 3, 5), uniformAt(7, 4, 5));
    EXPECT_NE(uniformAt(7, 3, 5), uniformAt(8, 3, 5));
}

TEST(Philox, NormalHasTheMomentsOfTheNormalDistribution) {
    constexpr size_t kCount = 400'000;
    std::vector<float> values(kCount);
    fillNormal(values, 11, 0, 0);
    std::array<double, 5> moments{};
    double neighbours = 0;
    for (size_t i = 0; i < kCount; ++i) {
        ASSERT_TRUE(std::isfinite(values[i]));
        for (int power = 1; power <= 4; ++power)
            moments[static_cast<size_t>(power)] += std::pow(static_cast<double>(values[i]), power) / kCount;
        neighbours += i == 0 ? 0 : static_cast<double>(values[i]) * values[i - 1] / kCount;
    }
    EXPECT_NEAR(moments[1], 0.0, 0.006);
    EXPECT_NEAR(moments[2], 1.0, 0.01);
    EXPECT_NEAR(moments[3], 0.0, 0.02);
    EXPECT_NEAR(moments[4], 3.0, 0.06);
    EXPECT_NEAR(neighbours, 0.0, 0.006);
}

TEST(Philox, FillEqualsSingleDrawsAtAnyStart) {
    for (const uint64_t first : {0u, 1u, 2u, 3u, 4u, 1001u})
        for (const size_t count : {0u, 1u, 3u, 4u, 9u}) {
            std::vector<float> values(count);
            fillNormal(values, 5, 9, first);
            for (size_t i = 0; i < count; ++i)
                EXPECT_EQ(values[i], normalAt(5, 9, first + i)) << first << " " << i;
        }
}

}  // namespace
}  // namespace gsst
