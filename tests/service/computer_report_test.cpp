// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/computer_summary.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace gsst {
namespace {

/// Round figures, so that what follows can be worked out by hand.
ComputerReport example() {
    ComputerReport report;
    report.measuredAt = 1'700'000'000;
    report.folder = "/mnt/fast";
    report.recipe = "gpt2-124m";
    report.processor = "some processor";
    report.instructions = {"AVX2", "AVX-512"};
    report.cores = 8;
    report.threads = 16;
    report.ramTotalBytes = 32'000'000'000;
    report.ramFreeBytes = 16'000'000'000;
    report.diskFreeBytes = 280'000'000'000;
    report.memoryBytes = 20e9;
    report.productFlopsFp32 = 1000e9;
    report.productFlopsBf16 = 1400e9;
    report.forwardFlops = 400e9;
    report.backwardFlops = 300e9;
    report.keptBackwardFlops = 350e9;
    report.headFlops = 200e9;
    report.updateBytes = 28e9;
    report.copyBytes = 10e9;
    report.readBytes = report.uringReadBytes = 4e9;
    report.writeBytes = report.uringWriteBytes = 2e9;
    report.poolReadBytes = 3e9;
    report.poolWriteBytes = 1e9;
    report.uringProcessor = 2e-11;
    report.poolProcessor = 5e-11;
    report.uring = report.sustained = true;
    report.writtenBytes = 6'000'000'000;
    return report;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    const size_t at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what << " in " << text;
    return at == std::string::npos ? text : text.replace(at, what.size(), by);
}

TEST(ComputerReport, JsonAndBack) {
    const ComputerReport report = example();
    const auto back = parseComputerReport(toJson(report));
    ASSERT_TRUE(back);
    EXPECT_EQ(toJson(*back), toJson(report));
    EXPECT_EQ(back->folder, report.folder);
    EXPECT_EQ(back->recipe, report.recipe);
    EXPECT_EQ(back->measuredAt, report.measuredAt);
    EXPECT_EQ(back->instructions, report.instructions);
    EXPECT_EQ(back->uringWriteBytes, report.uringWriteBytes);
    EXPECT_EQ(back->uringProcessor, report.uringProcessor);
}

TEST(ComputerReport, WhatIsNotWholeIsNone) {
    const std::string good = toJson(example());
    for (const auto& [what, by] :
         {std::pair("\"version\": 3", "\"version\": 2"), std::pair("\"forward_flops\"", "\"forward\""),
          std::pair("\"cores\": 8", "\"cores\": -8"), std::pair("\"cores\": 8", "\"cores\": \"many\""),
          std::pair("\"read_bytes\": 4000000000.0", "\"read_bytes\": 0"),
          std::pair("\"update_bytes\": 28000000000.0", "\"update_bytes\": -1"),
          std::pair("\"write_bytes\": 2000000000.0", "\"write_bytes\": 1e999")})
        EXPECT_FALSE(parseComputerReport(replaced(good, what, by))) << by;
    for (const char* text : {"", "no JSON", "{}", "[]", "null"})
        EXPECT_FALSE(parseComputerReport(text)) << text;
}

TEST(ComputerSummary, FollowsFromTheFigures) {
    const ComputerReport report = example();
    EXPECT_DOUBLE_EQ(tokenSeconds(report), 2 / 400e9 + 6 / 300e9);  // 25 ps
    EXPECT_DOUBLE_EQ(trainedTokensPerSecond(report, 100e6), 400);
    EXPECT_NEAR(parametersInAWeek(report), 34.8e6, 0.1e6);  // squared, times 20 tokens, times 25 ps: a week
    EXPECT_DOUBLE_EQ(updatedParametersPerSecond(report), 1e9);
    EXPECT_DOUBLE_EQ(hiddenFromTokens(report), (16 / 4e9 + 12 / 2e9) * 200e9);
    EXPECT_DOUBLE_EQ(parametersInRam(report), 700e6);
    EXPECT_DOUBLE_EQ(parametersOnDrive(report, StatePreset::Exact), 10e9);
    EXPECT_NEAR(parametersOnDrive(report, StatePreset::Lean), 25.5e9, 0.1e9);
}

TEST(ComputerSummary, ModelsLiveWhereThereIsRoom) {
    ComputerReport report = example();
    EXPECT_EQ(homeOf(699e6, report), ModelHome::Ram);
    EXPECT_EQ(homeOf(701e6, report), ModelHome::Drive);
    EXPECT_EQ(homeOf(11e9, report), ModelHome::DriveWhenLean);
    EXPECT_EQ(homeOf(26e9, report), ModelHome::Nowhere);
    report.diskFreeBytes = 1'000'000;
    EXPECT_EQ(homeOf(1e6, report), ModelHome::Nowhere) << "a run in RAM has its slots on the drive too";
}

TEST(ComputerSummary, JudgesWhatStandsBesideEachOther) {
    ComputerReport report = example();
    EXPECT_EQ(bf16Speed(report), Bf16Speed::Faster);
    report.productFlopsBf16 = 1200e9;
    EXPECT_EQ(bf16Speed(report), Bf16Speed::Alike);
    report.productFlopsBf16 = 800e9;
    EXPECT_EQ(bf16Speed(report), Bf16Speed::Alike);
    report.productFlopsBf16 = 700e9;
    EXPECT_EQ(bf16Speed(report), Bf16Speed::Slower);
    EXPECT_TRUE(memoryOutrunsDrive(report));
    report.readBytes = 6e9;
    EXPECT_FALSE(memoryOutrunsDrive(report));
}

}  // namespace
}  // namespace gsst
