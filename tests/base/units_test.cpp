// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/units.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace gsst {
namespace {

constexpr uint64_t kMiB = 1024 * 1024, kGiB = 1024 * kMiB;

TEST(Units, Bytes) {
    EXPECT_EQ(formatBytes(0), "0 B");
    EXPECT_EQ(formatBytes(1023), "1023 B");
    EXPECT_EQ(formatBytes(1024), "1 KiB");
    EXPECT_EQ(formatBytes(340 * kMiB), "340 MiB");
    EXPECT_EQ(formatBytes(kGiB * 12 / 10), "1.2 GiB");
    EXPECT_EQ(formatBytes(4 * kGiB), "4 GiB");
    EXPECT_EQ(formatBytes(kGiB * 815 / 10), "81.5 GiB");
    EXPECT_EQ(formatBytes(kGiB - 1), "1 GiB");
    EXPECT_EQ(formatBytes(std::numeric_limits<uint64_t>::max()), "16384 PiB");
}

TEST(Units, Rates) {
    EXPECT_EQ(formatRate(3.5e9), "3500 MB/s");
    EXPECT_EQ(formatRate(850e6), "850 MB/s");
    EXPECT_EQ(formatRate(12.34e6), "12.3 MB/s");
    EXPECT_EQ(formatRate(40e3), "40 kB/s");
    EXPECT_EQ(formatRate(std::nan("")), "unknown");
}

TEST(Units, Counts) {
    EXPECT_EQ(formatCount(950), "950");
    EXPECT_EQ(formatCount(12'500), "12.5 k");
    EXPECT_EQ(formatCount(120'000'000), "120 M");
    EXPECT_EQ(formatCount(7'000'000'000), "7 B");
    EXPECT_EQ(formatCount(999'999'999), "1 B");
}

TEST(Units, Durations) {
    EXPECT_EQ(formatDuration(0.42), "0.4 s");
    EXPECT_EQ(formatDuration(9.96), "10 s");
    EXPECT_EQ(formatDuration(42.4), "42 s");
    EXPECT_EQ(formatDuration(59.6), "1 min");
    EXPECT_EQ(formatDuration(725), "12 min 5 s");
    EXPECT_EQ(formatDuration(3599.7), "1 h");
    EXPECT_EQ(formatDuration(7 * 3600 + 25 * 60 + 10), "7 h 25 min");
    EXPECT_EQ(formatDuration(86399), "1 d");
    EXPECT_EQ(formatDuration(3 * 86400 + 4 * 3600), "3 d 4 h");
    EXPECT_EQ(formatDuration(-1), "unknown");
    EXPECT_EQ(formatDuration(std::numeric_limits<double>::infinity()), "unknown");
}

TEST(Units, ParsesSizes) {
    const auto value = [](std::string_view text) {
        const auto parsed = parseBytes(text);
        return parsed.ok() ? parsed.value() : -1;
    };
    EXPECT_EQ(value("0"), 0);
    EXPECT_EQ(value("4096"), 4096);
    EXPECT_EQ(value("17 B"), 17);
    EXPECT_EQ(value("1GiB"), 1 << 30);
    EXPECT_EQ(value("512MiB"), 512 << 20);
    EXPECT_EQ(value(" 1.5 gib "), 3ll << 29);
    EXPECT_EQ(value("4GB"), 4'000'000'000);
    EXPECT_EQ(value("300MB"), 300'000'000);
    EXPECT_EQ(value("0.1kb"), 100);
    EXPECT_EQ(value("2T"), 2ll << 40);
    EXPECT_EQ(value("9223372036854775807"), std::numeric_limits<int64_t>::max());
    EXPECT_EQ(value("9007199254740993"), 9007199254740993);  // not a double
}

TEST(Units, SecondsShowSmallDifferences) {
    EXPECT_EQ(formatSeconds(0.52), "0.520 s");
    EXPECT_EQ(formatSeconds(0), "0.000 s");
    EXPECT_EQ(formatSeconds(9.314), "9.31 s");
    EXPECT_EQ(formatSeconds(91.56), "91.6 s");
    EXPECT_EQ(formatSeconds(738.4), "738 s");
}

TEST(Units, RefusesWhatIsNoSize) {
    for (const char* text : {"", "  ", "GiB", "-1", "-4GiB", "4 GiX", "1,5GiB", "1.2.3GB", ".", ".GB",
                             "9223372036854775808", "99999999TiB", "1e3", "0x10", "nan", "inf", "4GiB!"}) {
        const auto parsed = parseBytes(text);
        ASSERT_FALSE(parsed.ok()) << text;
        EXPECT_EQ(parsed.error().code, ErrorCode::InvalidInput) << text;
        EXPECT_FALSE(parsed.error().why.empty()) << text;
        EXPECT_NE(parsed.error().text().find(text), std::string::npos) << text;
        EXPECT_NE(parsed.error().todo.find("GiB"), std::string::npos) << text;
    }
}

}  // namespace
}  // namespace gsst
