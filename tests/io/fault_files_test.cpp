// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/twins/fault_files.h"

#include "file_helpers.h"

#include "io/twins/memory_files.h"

#include <bit>

namespace gsst {
namespace {

using namespace gsst::testing;

class FaultFilesTest : public ::testing::Test {
protected:
    std::unique_ptr<FileSystem> memory = makeMemoryFiles();
    FaultFiles files{*memory};
    AlignedBuffer data = noise(4 * kIoAlignment, 1);
    AlignedBuffer into = zeros(4 * kIoAlignment);
};

size_t differingBits(std::span<const std::byte> a, std::span<const std::byte> b) {
    int bits = 0;
    for (size_t i = 0; i < a.size(); ++i)
        bits += std::popcount(std::to_integer<unsigned>(a[i] ^ b[i]));
    return static_cast<size_t>(bits);
}

TEST_F(FaultFilesTest, FailsTheNthCallAndNoOther) {
    const auto file = opened(files, "a");
    files.add({.call = FileCall::Write, .fault = Fault::Fail, .nth = 3});
    for (int call = 1; call <= 5; ++call)
        EXPECT_EQ(file->write(0, data.span()).ok(), call != 3) << call;
    EXPECT_EQ(files.fired(), 1);
    EXPECT_EQ(files.calls(FileCall::Write), 5);
    EXPECT_EQ(files.calls(FileCall::Read), 0);
}

TEST_F(FaultFilesTest, CountsOnlyPathsWithTheSuffix) {
    GSST_EXPECT_OK(files.makeFolders("slots"));
    const auto a = opened(files, "slots/A"), head = opened(files, "HEAD");
    files.add({.call = FileCall::Sync, .fault = Fault::Fail, .pathSuffix = "HEAD", .nth = 2});
    GSST_EXPECT_OK(a->sync());
    GSST_EXPECT_OK(head->sync());
    GSST_EXPECT_OK(a->sync());
    GSST_EXPECT_ERROR(head->sync(), Io);
    GSST_EXPECT_OK(head->sync());
    EXPECT_EQ(files.calls(FileCall::Sync, "HEAD"), 3);
    EXPECT_EQ(files.calls(FileCall::Sync), 5);
}

TEST_F(FaultFilesTest, CountSpoilsSeveralInARow) {
    const auto file = opened(files, "a");
    files.add({.call = FileCall::Sync, .nth = 2, .count = 2});
    EXPECT_TRUE(file->sync().ok());
    EXPECT_FALSE(file->sync().ok());
    EXPECT_FALSE(file->sync().ok());
    EXPECT_TRUE(file->sync().ok());
    files.add({.call = FileCall::Sync});
    files.clear();
    EXPECT_TRUE(file->sync().ok());
    EXPECT_EQ(files.fired(), 2);
}

TEST_F(FaultFilesTest, ShortReadAndWriteStopHalfway) {
    const auto file = opened(files, "a");
    files.add({.call = FileCall::Write, .fault = Fault::Short});
    GSST_EXPECT_ERROR(file->write(0, data.span()), Io);
    EXPECT_EQ(file->size().value(), data.size() / 2);
    GSST_EXPECT_OK(file->write(0, data.span()));
    files.add({.call = FileCall::Read, .fault = Fault::Short});
    GSST_EXPECT_ERROR(file->read(0, into.span()), Corrupt);
    EXPECT_TRUE(same(into.span().first(data.size() / 2), data.span().first(data.size() / 2)));
}

TEST_F(FaultFilesTest, DirectHalvesAreWholeBlocks) {
    const auto file = opened(files, "a", OpenMode::Create, Caching::Direct);
    files.add({.call = FileCall::Write, .fault = Fault::Short});
    GSST_EXPECT_ERROR(file->write(0, data.span().first(3 * kIoAlignment)), Io);
    EXPECT_EQ(file->size().value(), kIoAlignment);
}

TEST_F(FaultFilesTest, CorruptFlipsOneBitSilently) {
    const auto file = opened(files, "a", OpenMode::Create, Caching::Direct);
    files.add({.call = FileCall::Write, .fault = Fault::Corrupt, .corruptByte = 5000});
    GSST_EXPECT_OK(file->write(0, data.span()));
    GSST_EXPECT_OK(file->read(0, into.span()));
    EXPECT_EQ(differingBits(into.span(), data.span()), 1u);
    EXPECT_NE(into.span()[5000], data.span()[5000]);
    files.add({.call = FileCall::Read, .fault = Fault::Corrupt, .corruptByte = 5000});
    GSST_EXPECT_OK(file->read(0, into.span()));
    EXPECT_TRUE(same(into.span(), data.span()));  // the same bit flipped back
}

TEST_F(FaultFilesTest, DroppedCallsSucceedWithoutEffect) {
    const auto file = opened(files, "a");
    files.add({.call = FileCall::Write, .fault = Fault::Drop});
    GSST_EXPECT_OK(file->write(0, data.span()));
    EXPECT_EQ(file->size().value(), 0u);
    files.add({.call = FileCall::Rename, .fault = Fault::Drop, .pathSuffix = "b"});
    GSST_EXPECT_OK(files.rename("a", "b"));
    EXPECT_TRUE(files.exists("a"));
    EXPECT_EQ(files.fired(), 2);
}

TEST_F(FaultFilesTest, FullDisk) {
    const auto file = opened(files, "a");
    files.add({.call = FileCall::Write, .fault = Fault::NoSpace});
    files.add({.call = FileCall::Reserve, .fault = Fault::NoSpace});
    GSST_EXPECT_ERROR(file->write(0, data.span()), NoSpace);
    EXPECT_EQ(file->size().value(), data.size() / 2);
    GSST_EXPECT_ERROR(file->reserve(1 << 20), NoSpace);
    EXPECT_EQ(file->size().value(), data.size() / 2);
}

TEST_F(FaultFilesTest, EveryKindOfCallCanFail) {
    const auto file = opened(files, "a");
    for (const FileCall call :
         {FileCall::Open, FileCall::Truncate, FileCall::Remove, FileCall::SyncFolder, FileCall::Lock})
        files.add({.call = call, .fault = Fault::Fail});
    GSST_EXPECT_ERROR(files.open("a", OpenMode::Read, Caching::Buffered), Io);
    GSST_EXPECT_ERROR(file->truncate(3), Io);
    GSST_EXPECT_ERROR(files.remove("a"), Io);
    GSST_EXPECT_ERROR(files.syncFolder("."), Io);
    GSST_EXPECT_ERROR(files.lock("LOCK"), Io);
    EXPECT_TRUE(files.exists("a"));
}

}  // namespace
}  // namespace gsst
