// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/half_float.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace gsst {
namespace {

constexpr uint16_t kInf = 0x7c00;

/// The value of a finite half, by the words of the standard.
double valueOf(uint16_t half) {
    const int exponent = half >> 10 & 31;
    const int fraction = half & 0x3ff;
    return exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
}

uint16_t nearest(double value) {
    return nearestHalf(std::bit_cast<uint32_t>(float(value)));
}

TEST(NearestHalf, EveryHalfIsItself) {
    for (uint16_t half = 0; half < kInf; ++half) {
        ASSERT_EQ(nearest(valueOf(half)), half);
        ASSERT_EQ(nearest(-valueOf(half)), half | 0x8000);
    }
}

TEST(NearestHalf, BetweenTwoTheNearerIsTakenAndTheEvenOneOfEqual) {
    for (uint16_t half = 0; half + 1 < kInf; ++half) {
        const float middle = float((valueOf(half) + valueOf(uint16_t(half + 1))) / 2);
        const uint16_t even = half % 2 == 0 ? half : uint16_t(half + 1);
        ASSERT_EQ(nearest(middle), even) << half;
        ASSERT_EQ(nearest(std::nextafter(middle, 0.0f)), half);
        ASSERT_EQ(nearest(std::nextafter(middle, 1e6f)), half + 1);
        ASSERT_EQ(nearest(-std::nextafter(middle, 1e6f)), (half + 1) | 0x8000);
    }
}

TEST(NearestHalf, TooLargeIsInfinite) {
    EXPECT_EQ(nearest(65504), 0x7bff);
    EXPECT_EQ(nearest(std::nextafter(65520.0f, 0.0f)), 0x7bff);
    for (const float value :
         {65520.0f, 65536.0f, 1e10f, std::numeric_limits<float>::max(), std::numeric_limits<float>::infinity()}) {
        EXPECT_EQ(nearest(value), kInf) << value;
        EXPECT_EQ(nearest(-value), kInf | 0x8000) << value;
    }
}

TEST(NearestHalf, TooSmallIsZeroWithItsSign) {
    for (const float value : {0.0f, std::numeric_limits<float>::denorm_min(), std::numeric_limits<float>::min(), 1e-20f,
                              std::ldexp(1.0f, -25)}) {
        EXPECT_EQ(nearest(value), 0) << value;
        EXPECT_EQ(nearestHalf(std::bit_cast<uint32_t>(-value)), 0x8000) << value;
    }
    EXPECT_EQ(nearest(std::nextafter(std::ldexp(1.0f, -25), 1.0f)), 1);
}

TEST(NearestHalf, NotANumberStaysOne) {
    for (const uint32_t bits : {0x7f800001u, 0x7fc00000u, 0xff800001u, 0xffffffffu}) {
        const uint16_t half = nearestHalf(bits);
        EXPECT_EQ(half & kInf, kInf);
        EXPECT_NE(half & 0x3ff, 0);
    }
}

}  // namespace
}  // namespace gsst
