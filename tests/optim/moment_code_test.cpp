// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/kernels/moment_code.h"

#include "base/philox.h"
#include "optim_helpers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace gsst {
namespace {

using test::decodeMoment1;
using test::decodeMoment2;
using Table = std::array<float, 256>;

Table valuesOf(float (*decode)(uint8_t, float)) {
    Table values;
    for (int code = 0; code < 256; ++code)
        values[size_t(code)] = decode(uint8_t(code), 1.0f);
    return values;
}

const Table kSigned = valuesOf(decodeMoment1);
const Table kUnsigned = valuesOf(decodeMoment2);

/// The code written from FORMAT.md, in double.
double formatValue(int code, int bits) {
    if (code == 0)
        return 0;
    if (code == 1)
        return std::pow(10.0, 1 - bits);
    int s = 0;
    while (2 << s <= code)
        ++s;
    const double from = std::pow(10.0, s - bits), to = std::pow(10.0, s - bits + 1);
    const double first = std::pow(2.0, s) - 1, last = std::pow(2.0, s + 1) - 1;
    return from + (to - from) * (code - first) / (last - first);
}

/// Distance to the nearest value of the table, by looking at all.
double leastDistance(const Table& values, double value) {
    double least = std::numeric_limits<double>::infinity();
    for (const float candidate : values)
        least = std::min(least, std::abs(double(candidate) - value));
    return least;
}

/// From 1e-9 to 1, evenly and by orders of magnitude in turns.
float sample(uint64_t i) {
    return float(i % 2 ? uniformAt(1, 2, i) : std::pow(10.0, -9 * uniformAt(1, 3, i)));
}

TEST(MomentCode, ValuesAreThoseOfTheFormat) {
    for (int code = 0; code < 256; ++code) {
        EXPECT_NEAR(kUnsigned[size_t(code)], formatValue(code, 8), 2e-6 * formatValue(code, 8)) << code;
        const double sign = code < 128 ? 1 : -1;
        EXPECT_NEAR(kSigned[size_t(code)], sign * formatValue(code % 128, 7), 2e-6 * formatValue(code % 128, 7))
            << code;
    }
    EXPECT_EQ(kUnsigned[255], 1.0f);
    EXPECT_EQ(kUnsigned[0], 0.0f);
    EXPECT_EQ(kSigned[127], 1.0f);
    EXPECT_EQ(kSigned[255], -1.0f);
}

TEST(MomentCode, IsMonotoneAndSymmetric) {
    for (size_t code = 1; code < 256; ++code)
        EXPECT_GT(kUnsigned[code], kUnsigned[code - 1]);
    for (size_t code = 0; code < 128; ++code) {
        EXPECT_EQ(kSigned[code + 128], -kSigned[code]);
        if (code > 0) {
            EXPECT_GT(kSigned[code], kSigned[code - 1]);
        }
    }
}

TEST(MomentCode, EveryCodeComesBack) {
    for (const float largest : {1.0f, 3e-9f, 0.7f, 1e-30f, 123456.0f, 3.4e38f, 1e-38f}) {
        const float scale = momentScale(largest);
        for (int code = 0; code < 256; ++code) {
            ASSERT_EQ(encodeMoment1(decodeMoment1(uint8_t(code), scale), 1 / scale), code) << largest;
            ASSERT_EQ(encodeMoment2(decodeMoment2(uint8_t(code), scale), 1 / scale), code) << largest;
        }
    }
}

TEST(MomentCode, TakesTheNearestCode) {
    constexpr double kTie = 1e-5;  // two codes are equally good up to here
    for (uint64_t i = 0; i < 20000; ++i) {
        const float value = sample(i);
        for (const float scale : {1.0f, 0.0371f}) {
            const float scaled = value * scale;
            for (const float sign : {1.0f, -1.0f}) {
                const double error = std::abs(double(decodeMoment1(encodeMoment1(sign * scaled, 1 / scale), scale)) -
                                              double(sign * scaled));
                ASSERT_LE(error,
                          leastDistance(kSigned, double(value)) * double(scale) * (1 + kTie) + 1e-7 * double(scaled))
                    << value;
            }
            const double error =
                std::abs(double(decodeMoment2(encodeMoment2(scaled, 1 / scale), scale)) - double(scaled));
            if (value > 0.5001e-7f) {
                ASSERT_LE(error,
                          leastDistance(kUnsigned, double(value)) * double(scale) * (1 + kTie) + 1e-7 * double(scaled))
                    << value;
            }
        }
    }
}

TEST(MomentCode, ErrorsAreBounded) {
    for (uint64_t i = 0; i < 20000; ++i) {
        const double value = double(sample(i));
        const double first = std::abs(double(decodeMoment1(encodeMoment1(float(value), 1.0f), 1.0f)) - value);
        const double second = double(decodeMoment2(encodeMoment2(float(value), 1.0f), 1.0f)) / value;
        ASSERT_LE(first, 0.5 * 0.9 / 64 * 1.001);
        if (value >= 0.01) {
            ASSERT_LE(first, 0.15 * value);
            ASSERT_NEAR(second, 1, 0.08);
        }
        // The root, by which the update divides, is never much too small.
        ASSERT_GE(std::sqrt(second), 0.55) << value;
    }
}

TEST(MomentCode, OnlyZeroSecondMomentsBecomeZero) {
    const float huge = 3e38f;
    for (const float scale : {huge, 1.0f, kLeastMomentScale})
        for (const float value : {1e-45f, 1e-38f, 1e-20f, 1e-9f}) {
            const uint8_t code = encodeMoment2(std::min(value, scale), 1 / scale);
            EXPECT_GE(code, 1) << value << " of " << scale;
            EXPECT_GE(decodeMoment2(code, scale), std::min(value, scale) * 0.5f);
            EXPECT_TRUE(std::isnormal(decodeMoment2(1, scale)));
        }
    EXPECT_EQ(encodeMoment2(0.0f, 1.0f), 0);
    EXPECT_EQ(encodeMoment1(1e-9f, 1.0f), 0) << "first moments are rounded to the nearest, zero included";
}

TEST(MomentCode, ScalesShowWhatIsNotFinite) {
    EXPECT_EQ(momentScale(0.5f), 0.5f);
    EXPECT_EQ(momentScale(0.0f), kLeastMomentScale);
    EXPECT_EQ(momentScale(std::numeric_limits<float>::max()), std::numeric_limits<float>::max());
    for (const float largest : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
        EXPECT_TRUE(std::isnan(momentScale(largest)));
        EXPECT_TRUE(std::isnan(decodeMoment1(0, momentScale(largest))));
        EXPECT_TRUE(std::isnan(decodeMoment2(0, momentScale(largest))));
    }
    EXPECT_EQ(decodeMoment1(0, 0.0f), 0.0f) << "zero bytes are zero moments";
    EXPECT_EQ(decodeMoment2(0, 0.0f), 0.0f);
}

}  // namespace
}  // namespace gsst
