// SPDX-License-Identifier: GPL-3.0-or-later
#include "file_helpers.h"

#include "io/twins/crash_files.h"
#include "io/twins/fault_files.h"
#include "io/twins/memory_files.h"

namespace gsst {
namespace {

using namespace gsst::testing;

TEST(TextFile, WritesAndReads) {
    const auto files = makeMemoryFiles();
    GSST_EXPECT_OK(writeTextAtomically(*files, "run.json", "{\"a\": 1}\n"));
    EXPECT_EQ(get(*files, "run.json"), "{\"a\": 1}\n");
    GSST_EXPECT_OK(writeTextAtomically(*files, "run.json", ""));
    EXPECT_EQ(get(*files, "run.json"), "");
    EXPECT_EQ(files->list(".").value().size(), 1u);
}

TEST(TextFile, RefusesFilesOverTheLimit) {
    const auto files = makeMemoryFiles();
    put(*files, "file", "12345");
    GSST_EXPECT_ERROR(readText(*files, "file", 4), Corrupt);
    EXPECT_EQ(readText(*files, "file", 5).value(), "12345");
    GSST_EXPECT_ERROR(readText(*files, "none", 5), NotFound);
}

TEST(TextFile, AnOldTemporaryFileDoesNotShowThrough) {
    const auto files = makeMemoryFiles();
    put(*files, "file.tmp", "left over from a crash, and longer");
    GSST_EXPECT_OK(writeTextAtomically(*files, "file", "new"));
    EXPECT_EQ(get(*files, "file"), "new");
}

TEST(TextFile, EveryFailureKeepsTheOldTextAndCleansUp) {
    for (const FileCall call :
         {FileCall::Open, FileCall::Truncate, FileCall::Write, FileCall::Sync, FileCall::Rename}) {
        const auto memory = makeMemoryFiles();
        FaultFiles files(*memory);
        GSST_EXPECT_OK(writeTextAtomically(files, "file", "old"));
        files.add({.call = call, .fault = Fault::NoSpace});
        GSST_EXPECT_ERROR(writeTextAtomically(files, "file", "new"), NoSpace);
        EXPECT_EQ(files.fired(), 1);
        EXPECT_EQ(get(*memory, "file"), "old");
        EXPECT_FALSE(memory->exists("file.tmp"));
    }
}

TEST(TextFile, APowerLossAtAnyPointLeavesOldOrNew) {
    const std::string before(9000, 'o'), after(10'000, 'n');
    int sawOld = 0, sawNew = 0;
    for (uint64_t point = 0; point < 8; ++point)
        for (uint64_t seed = 0; seed < 40; ++seed) {
            CrashFiles files;
            GSST_EXPECT_OK(files.makeFolders("run"));
            GSST_EXPECT_OK(writeTextAtomically(files, "run/file", before));
            files.failFromChange(files.changes() + point);
            const bool reported = writeTextAtomically(files, "run/file", after).ok();
            files.crash(seed);
            const std::string text = get(files, "run/file");
            ASSERT_TRUE(text == before || text == after) << point << " " << seed;
            EXPECT_TRUE(!reported || text == after) << point << " " << seed;
            ++(text == before ? sawOld : sawNew);
        }
    EXPECT_GT(sawOld, 0);
    EXPECT_GT(sawNew, 0);
}

}  // namespace
}  // namespace gsst
