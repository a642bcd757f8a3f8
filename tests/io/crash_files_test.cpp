// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/twins/crash_files.h"

#include "file_helpers.h"

#include <set>

namespace gsst {
namespace {

using namespace gsst::testing;

constexpr uint64_t kSeeds = 60;

TEST(CrashFiles, SyncedBytesSurviveEverySeed) {
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
        CrashFiles files;
        put(files, "file", "safe");
        GSST_EXPECT_OK(files.syncFolder("."));
        files.crash(seed);
        EXPECT_EQ(get(files, "file"), "safe");
        files.crash(seed + 1);
        EXPECT_EQ(get(files, "file"), "safe");
    }
}

TEST(CrashFiles, UnsyncedSectorsAreKeptDroppedOrGarbled) {
    const auto before = noise(8 * kIoAlignment, 1), after = noise(8 * kIoAlignment, 2);
    int kept = 0, dropped = 0, garbled = 0;
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
        CrashFiles files;
        {
            const auto file = opened(files, "file");
            GSST_EXPECT_OK(file->write(0, before.span()));
            GSST_EXPECT_OK(file->sync());
            GSST_EXPECT_OK(files.syncFolder("."));
            GSST_EXPECT_OK(file->write(2 * kIoAlignment, after.span().subspan(2 * kIoAlignment, 4 * kIoAlignment)));
        }
        files.crash(seed);
        const auto into = zeros(8 * kIoAlignment);
        GSST_EXPECT_OK(opened(files, "file", OpenMode::Read)->read(0, into.span()));
        for (size_t sector = 0; sector < 8; ++sector) {
            const auto is = into.span().subspan(sector * kIoAlignment, kIoAlignment);
            const bool isOld = same(is, before.span().subspan(sector * kIoAlignment, kIoAlignment));
            const bool isNew = same(is, after.span().subspan(sector * kIoAlignment, kIoAlignment));
            const bool written = sector >= 2 && sector < 6;
            EXPECT_TRUE(written || isOld) << "a sector nobody wrote changed";
            kept += written && isNew;
            dropped += written && isOld;
            garbled += written && !isOld && !isNew;
        }
    }
    for (const int count : {kept, dropped, garbled})
        EXPECT_GT(count, static_cast<int>(kSeeds) * 4 / 6);
}

TEST(CrashFiles, TheSeedAloneDecides) {
    const auto story = [](uint64_t seed) {
        CrashFiles files;
        put(files, "file", std::string(50'000, 'x'), false);
        GSST_EXPECT_OK(files.syncFolder("."));
        files.crash(seed);
        return get(files, "file");
    };
    EXPECT_EQ(story(1), story(1));
    std::set<std::string> results;
    for (uint64_t seed = 0; seed < 8; ++seed)
        results.insert(story(seed));
    EXPECT_GT(results.size(), 4u);
}

TEST(CrashFiles, UnsyncedChangesOfSizeMayBeLost) {
    std::set<uint64_t> sizes;
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
        CrashFiles files;
        put(files, "file", "1234567890");
        GSST_EXPECT_OK(files.syncFolder("."));
        GSST_EXPECT_OK(opened(files, "file")->truncate(4));
        files.crash(seed);
        sizes.insert(opened(files, "file")->size().value());
    }
    EXPECT_EQ(sizes, (std::set<uint64_t>{4, 10}));
}

TEST(CrashFiles, ANameIsSafeOnlyAfterItsFolderIsSynced) {
    std::set<bool> exists;
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
        CrashFiles files;
        GSST_EXPECT_OK(files.makeFolders("run"));
        put(files, "run/file", "synced, but its folder is not");
        GSST_EXPECT_OK(files.syncFolder("."));  // not the folder it lies in
        files.crash(seed);
        EXPECT_TRUE(files.exists("run"));
        exists.insert(files.exists("run/file"));
    }
    EXPECT_EQ(exists.size(), 2u);
}

TEST(CrashFiles, RenamesAreLostWholeOrKeptWholeInOrder) {
    std::set<std::string> states;
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
        CrashFiles files;
        put(files, "current", "one");
        put(files, "next", "two");
        GSST_EXPECT_OK(files.syncFolder("."));
        GSST_EXPECT_OK(files.rename("current", "pin"));
        GSST_EXPECT_OK(files.rename("next", "current"));
        files.crash(seed);
        std::string state;
        const auto entries = files.list(".").value();
        for (const auto& entry : entries)
            state += entry.path.filename().string() + "=" + get(files, entry.path) + " ";
        states.insert(state);
    }
    EXPECT_EQ(states, (std::set<std::string>{"current=one next=two ", "next=two pin=one ", "current=two pin=one "}));
}

TEST(CrashFiles, SyncedRenameSurvivesAndReplacesWhole) {
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
        CrashFiles files;
        GSST_EXPECT_OK(files.makeFolders("a"));
        GSST_EXPECT_OK(files.makeFolders("b"));
        put(files, "a/file", "moved");  // folder a is never synced
        GSST_EXPECT_OK(files.rename("a/file", "b/file"));
        GSST_EXPECT_OK(files.syncFolder("b"));
        files.crash(seed);
        EXPECT_EQ(get(files, "b/file"), "moved");
        EXPECT_FALSE(files.exists("a/file"));
    }
}

TEST(CrashFiles, FolderRenamesMoveWhatIsInThem) {
    std::set<bool> moved;
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
        CrashFiles files;
        GSST_EXPECT_OK(files.makeFolders("export.tmp"));
        put(files, "export.tmp/model", "weights");
        GSST_EXPECT_OK(files.syncFolder("export.tmp"));
        GSST_EXPECT_OK(files.rename("export.tmp", "export"));
        if (seed % 2 == 0)
            GSST_EXPECT_OK(files.syncFolder("."));
        files.crash(seed);
        const bool isMoved = files.exists("export");
        EXPECT_NE(isMoved, files.exists("export.tmp"));
        EXPECT_TRUE(isMoved || seed % 2 == 1);
        EXPECT_EQ(get(files, isMoved ? "export/model" : "export.tmp/model"), "weights");
        if (seed % 2 == 1)
            moved.insert(isMoved);
    }
    EXPECT_EQ(moved.size(), 2u);
}

TEST(CrashFiles, UnsyncedRemovalsMayComeBack) {
    std::set<bool> exists;
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
        CrashFiles files(1000);
        put(files, "file", std::string(800, 'a'));
        GSST_EXPECT_OK(files.syncFolder("."));
        GSST_EXPECT_OK(files.remove("file"));
        put(files, "other", std::string(800, 'b'));
        files.crash(seed);
        exists.insert(files.exists("file"));
        if (files.exists("file")) {
            EXPECT_EQ(get(files, "file"), std::string(800, 'a'));
        }
    }
    EXPECT_EQ(exists.size(), 2u);
}

TEST(CrashFiles, OpenFilesEndAndLocksAreFree) {
    CrashFiles files;
    const auto file = opened(files, "file");
    auto lock = files.lock("LOCK");
    EXPECT_TRUE(lock.ok());
    files.crash(1);
    GSST_EXPECT_ERROR(file->write(0, zeros(1).span()), Io);
    GSST_EXPECT_ERROR(file->size(), Io);
    GSST_EXPECT_OK(files.lock("LOCK"));
}

TEST(CrashFiles, EveryChangeCanBeTheLast) {
    CrashFiles files;
    put(files, "file", "text");  // made, truncated, written, synced
    EXPECT_EQ(files.changes(), 4u);
    files.failFromChange(5);
    const auto file = opened(files, "file");
    GSST_EXPECT_OK(file->truncate(2));
    GSST_EXPECT_ERROR(file->write(0, zeros(1).span()), Io);
    GSST_EXPECT_ERROR(file->sync(), Io);
    GSST_EXPECT_ERROR(files.rename("file", "other"), Io);
    GSST_EXPECT_ERROR(files.open("new", OpenMode::Create, Caching::Buffered), Io);
    EXPECT_EQ(get(files, "file"), "te");
    files.crash(3);
    put(files, "file", "again");
    EXPECT_EQ(get(files, "file"), "again");
}

}  // namespace
}  // namespace gsst
