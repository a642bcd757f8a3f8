// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/twins/crash_files.h"
#include "io/twins/fault_files.h"
#include "io/twins/memory_files.h"
#include "store/jsonl_log.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gsst {
namespace {

using Lines = std::vector<std::string>;

Lines linesOf(FileSystem& files) {
    Lines lines;
    EXPECT_TRUE(readLines(files, "log", [&](std::string_view line) { lines.emplace_back(line); }).ok());
    return lines;
}

std::unique_ptr<JsonlLog> openLog(FileSystem& files) {
    auto log = JsonlLog::open(files, "log");
    EXPECT_TRUE(log.ok()) << log.error().text();
    return std::move(*log);
}

void writeRaw(FileSystem& files, std::string_view text) {
    auto file = files.open("log", OpenMode::Create, Caching::Buffered);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE((*file)->truncate(0).ok());
    ASSERT_TRUE((*file)->write(0, std::as_bytes(std::span(text))).ok());
}

TEST(JsonlLog, AppendsAndReadsBack) {
    auto files = makeMemoryFiles();
    EXPECT_EQ(linesOf(*files), Lines{});
    {
        auto log = openLog(*files);
        EXPECT_EQ(log->length(), 0u);
        EXPECT_TRUE(log->append("{\"step\":1}").ok());
        EXPECT_EQ(log->length(), 11u);
        EXPECT_TRUE(log->append("").ok());
    }
    auto log = openLog(*files);
    EXPECT_EQ(log->length(), 12u);
    EXPECT_TRUE(log->append("{\"step\":2}").ok());
    EXPECT_EQ(linesOf(*files), (Lines{"{\"step\":1}", "", "{\"step\":2}"}));
    EXPECT_EQ(log->append("two\nlines").error().code, ErrorCode::Internal);
}

TEST(JsonlLog, ATornLastLineIsLeftOutAndOverwritten) {
    auto files = makeMemoryFiles();
    writeRaw(*files, "first\nsecond\n{\"step\":3,\"los");
    EXPECT_EQ(linesOf(*files), (Lines{"first", "second"}));
    auto log = openLog(*files);
    EXPECT_EQ(log->length(), 13u);
    EXPECT_TRUE(log->append("3").ok());
    EXPECT_EQ(linesOf(*files), (Lines{"first", "second", "3"}));
    EXPECT_EQ(*(*files->open("log", OpenMode::Read, Caching::Buffered))->size(), log->length());
    writeRaw(*files, "no line at all");
    EXPECT_EQ(openLog(*files)->length(), 0u);
}

TEST(JsonlLog, TruncatesToTheLengthOfACommit) {
    auto files = makeMemoryFiles();
    auto log = openLog(*files);
    for (const char* line : {"one", "two", "three"})
        EXPECT_TRUE(log->append(line).ok());
    EXPECT_TRUE(log->truncateTo(8).ok());
    EXPECT_EQ(linesOf(*files), (Lines{"one", "two"}));
    EXPECT_TRUE(log->truncateTo(1000).ok()) << "lost lines are no reason to stop";
    EXPECT_EQ(log->length(), 8u);
    EXPECT_TRUE(log->truncateTo(6).ok()) << "a line is not torn";
    EXPECT_EQ(log->length(), 4u);
    EXPECT_TRUE(log->append("2").ok());
    EXPECT_EQ(linesOf(*files), (Lines{"one", "2"}));
    EXPECT_TRUE(log->truncateTo(0).ok());
    EXPECT_EQ(linesOf(*files), Lines{});
}

TEST(JsonlLog, LongLinesAcrossPieces) {
    auto files = makeMemoryFiles();
    auto log = openLog(*files);
    const std::string a(200'000, 'a');
    const std::string b(65'535, 'b');
    EXPECT_TRUE(log->append(a).ok());
    EXPECT_TRUE(log->append(b).ok());
    EXPECT_TRUE(log->append(std::string((1 << 20) + 1, 'x')).ok());
    EXPECT_TRUE(log->append("c").ok());
    EXPECT_EQ(linesOf(*files), (Lines{a, b, "c"})) << "lines over 1 MiB are left out";
    auto again = openLog(*files);
    EXPECT_EQ(again->length(), log->length());
    EXPECT_TRUE(again->truncateTo(200'001 + 65'535).ok());
    EXPECT_EQ(again->length(), 200'001u);
}

TEST(JsonlLog, AFailedWriteLeavesTheLogAsItWas) {
    for (const Fault fault : {Fault::Fail, Fault::Short, Fault::NoSpace}) {
        auto inner = makeMemoryFiles();
        FaultFiles files(*inner);
        auto log = openLog(files);
        EXPECT_TRUE(log->append("first").ok());
        files.add({FileCall::Write, fault, "", 1, 1, 0});
        EXPECT_FALSE(log->append("a long second line").ok());
        EXPECT_EQ(log->length(), 6u);
        EXPECT_EQ(linesOf(files), Lines{"first"});
        EXPECT_EQ(*(*files.open("log", OpenMode::Read, Caching::Buffered))->size(), 6u)
            << "other programs read it meanwhile";
        EXPECT_TRUE(log->append("x").ok());
        EXPECT_EQ(linesOf(files), (Lines{"first", "x"}));
        EXPECT_EQ(*(*files.open("log", OpenMode::Read, Caching::Buffered))->size(), log->length())
            << "other programs read it too";
    }
}

TEST(JsonlLog, FlushedLinesOutliveACrash) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
        CrashFiles files;
        {
            auto log = openLog(files);
            ASSERT_TRUE(files.syncFolder(".").ok());
            EXPECT_TRUE(log->append("flushed").ok());
            EXPECT_TRUE(log->flush().ok());
            EXPECT_TRUE(log->append("not flushed").ok());
        }
        files.crash(seed);
        auto log = openLog(files);
        EXPECT_TRUE(log->truncateTo(8).ok());
        EXPECT_EQ(log->length(), 8u);
        EXPECT_EQ(linesOf(files), Lines{"flushed"});
    }
}

TEST(JsonlLog, ZerosLeftByAPowerLossAreNoLine) {
    auto files = makeMemoryFiles();
    writeRaw(*files, std::string("one\n") + std::string(20, '\0') + "\ntwo\n");
    EXPECT_EQ(linesOf(*files), (Lines{"one", "two"}));
}

}  // namespace
}  // namespace gsst
