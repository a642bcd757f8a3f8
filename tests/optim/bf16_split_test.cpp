// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/kernels/bf16_split.h"

#include "optim/kernels/cpu_kernels.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <vector>

namespace gsst {
namespace {

TEST(Bf16Split, EveryPatternComesBack) {
    // Blocks of 64 Ki patterns without a branch inside, so that the compiler vectorises it.
    for (uint64_t high = 0; high < 0x10000; ++high) {
        uint32_t wrong = 0;
        for (uint32_t low = 0; low < 0x10000; ++low) {
            const uint32_t bits = uint32_t(high) << 16 | low;
            wrong |= joinHalves(highHalf(bits), lowHalf(bits)) ^ bits;
        }
        ASSERT_EQ(wrong, 0u) << "first half " << high;
    }
}

TEST(Bf16Split, HighHalfIsTheNearestBf16) {
    for (uint32_t bits = 0; bits < 0x7f7f8000u; bits += 997) {  // up to the largest finite bf16
        const float value = std::bit_cast<float>(bits);
        const uint32_t high = highHalf(bits);
        const auto distance = [&](uint32_t half) {
            return std::abs(double(std::bit_cast<float>(half << 16)) - double(value));
        };
        ASSERT_LE(distance(high), distance(high + 1)) << bits;
        if (high > 0) {
            ASSERT_LE(distance(high), distance(high - 1)) << bits;
        }
        ASSERT_EQ(highHalf(bits | 0x80000000u), high | 0x8000u) << "not symmetric";
    }
    EXPECT_EQ(highHalf(0x3f808000u), 0x3f81u) << "a tie goes away from zero";
}

TEST(Bf16Split, JoinKernelsAgreeWithTheElement) {
    std::vector<uint16_t> hi, lo;
    std::vector<uint32_t> bits;
    for (uint64_t i = 0; i < 100001; ++i) {
        bits.push_back(uint32_t(i * 0x9e3779b97f4a7c15u >> 32));
        hi.push_back(highHalf(bits.back()));
        lo.push_back(lowHalf(bits.back()));
    }
    for (const CpuKernels& kernels : supportedCpuKernels())
        for (size_t skip : {size_t{0}, size_t{3}}) {
            std::vector<float> joined(bits.size());
            kernels.materializeWeights(hi.data() + skip, lo.data() + skip, joined.data() + skip,
                                       int64_t(bits.size() - skip));
            for (size_t i = skip; i < bits.size(); ++i)
                ASSERT_EQ(std::bit_cast<uint32_t>(joined[i]), bits[i]) << kernels.name << " " << i;
        }
}

}  // namespace
}  // namespace gsst
