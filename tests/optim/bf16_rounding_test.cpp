// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/kernels/bf16_rounding.h"

#include "base/philox.h"
#include "optim/kernels/cpu_kernels.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

namespace gsst {
namespace {

uint32_t bitsOf(float value) {
    return std::bit_cast<uint32_t>(value);
}
float valueOf(uint16_t bf16) {
    return std::bit_cast<float>(uint32_t{bf16} << 16);
}

/// All kinds of patterns: random, near the next bf16, at ties, special.
std::vector<uint32_t> patterns() {
    std::vector<uint32_t> result{0,           0x80000000u, 0x7f800000u, 0xff800000u, 0x7fc00000u, 0xffffffffu,
                                 0x7f800001u, 0x7fffffffu, 1u,          0x8000u,     0x7f7fffffu, 0xff7fffffu,
                                 0x7f7f8000u, 0x7f7f7fffu, 0x3f808000u, 0x3f818000u, 0x3f808001u};
    for (uint64_t i = 0; i < 30000; ++i) {
        const auto words = philoxBlock(9, 9, i);
        result.push_back(words[0]);
        result.push_back((words[1] & 0xffff0000u) + 0x7ffeu + words[2] % 5);
    }
    return result;
}

TEST(Bf16Rounding, NearestIsNearestWithTiesToEven) {
    for (const uint32_t bits : patterns()) {
        const float value = std::bit_cast<float>(bits);
        const uint16_t rounded = nearestBf16(bits);
        if (std::isnan(value)) {
            ASSERT_TRUE(std::isnan(valueOf(rounded))) << bits;
            continue;
        }
        const auto down = uint16_t(bits >> 16), up = uint16_t(down + 1);  // toward zero and away from it
        const uint32_t rest = bits & 0xffffu;
        const bool goesUp = rest > 0x8000u || (rest == 0x8000u && down % 2 == 1);
        ASSERT_EQ(rounded, goesUp ? up : down) << bits;
    }
    EXPECT_EQ(nearestBf16(0x3f808000u), 0x3f80) << "a tie";
    EXPECT_EQ(nearestBf16(0x3f818000u), 0x3f82) << "a tie";
    EXPECT_TRUE(std::isinf(valueOf(nearestBf16(bitsOf(std::numeric_limits<float>::max())))));
}

TEST(Bf16Rounding, StochasticGoesUpAsOftenAsItMust) {
    for (const uint32_t bits :
         {0x3f800001u, 0x3f804321u, 0xbf80ffffu, 0x00000007u, 0x8000abcdu, 0x7f7e8000u, 0x3dcccccdu}) {
        uint32_t ups = 0;
        for (uint32_t random = 0; random < 0x10000u; ++random) {
            const uint32_t step = stochasticBf16(bits, random) - (bits >> 16);
            ASSERT_LE(step, 1u);
            ups += step;
        }
        EXPECT_EQ(ups, bits & 0xffffu) << bits;  // so that the mean is the value, exactly
    }
}

TEST(Bf16Rounding, StochasticKeepsWhatNeedsNoRounding) {
    for (uint32_t high = 0; high < 0x10000u; ++high)
        for (const uint32_t random : {0u, 1u, 0x8000u, 0xffffu}) {
            const uint16_t rounded = stochasticBf16(high << 16, random);
            const bool nan = std::isnan(valueOf(uint16_t(high)));
            ASSERT_TRUE(nan ? std::isnan(valueOf(rounded)) : rounded == high) << high;
        }
}

TEST(Bf16Rounding, StochasticNeverMakesInfOrLosesIt) {
    for (const uint32_t bits : patterns())
        for (const uint32_t random : {0u, 0x1234u, 0xffffu}) {
            const float value = std::bit_cast<float>(bits), rounded = valueOf(stochasticBf16(bits, random));
            ASSERT_EQ(std::isfinite(rounded), std::isfinite(value)) << bits;
            ASSERT_EQ(std::isnan(rounded), std::isnan(value)) << bits;
            if (!std::isnan(value)) {
                ASSERT_EQ(std::signbit(rounded), std::signbit(value)) << bits;
            }
        }
}

TEST(Bf16Rounding, KernelsAgreeWithTheElement) {
    const std::vector<uint32_t> bits = patterns();
    std::vector<float> values;
    for (const uint32_t pattern : bits)
        values.push_back(std::bit_cast<float>(pattern));
    for (const CpuKernels& kernels : supportedCpuKernels())
        for (const size_t skip : {size_t{0}, size_t{3}}) {
            const auto count = int64_t(values.size() - skip);
            std::vector<float> rounded = values, wide(values.size());
            std::vector<uint16_t> packed(values.size()), again(values.size());
            kernels.roundToBf16(rounded.data() + skip, count);
            kernels.packBf16(values.data() + skip, packed.data() + skip, count);
            kernels.packBf16(rounded.data() + skip, again.data() + skip, count);
            kernels.materializeWeights(packed.data() + skip, nullptr, wide.data() + skip, count);
            for (size_t i = skip; i < values.size(); ++i) {
                ASSERT_EQ(packed[i], nearestBf16(bits[i])) << kernels.name;
                ASSERT_EQ(bitsOf(rounded[i]), uint32_t{packed[i]} << 16) << kernels.name;
                ASSERT_EQ(bitsOf(wide[i]), bitsOf(rounded[i])) << kernels.name;
                ASSERT_EQ(again[i], packed[i]) << "rounding twice changes nothing, " << kernels.name;
            }
        }
}

}  // namespace
}  // namespace gsst
