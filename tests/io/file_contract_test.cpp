// SPDX-License-Identifier: GPL-3.0-or-later
// One suite for every file system, so that a twin cannot promise more or less than the operating system.
#include "file_helpers.h"

#include "io/twins/crash_files.h"
#include "io/twins/fault_files.h"
#include "io/twins/memory_files.h"
#include "io/twins/throttled_files.h"

#include <functional>
#include <thread>

namespace gsst {
namespace {

using namespace gsst::testing;
namespace fs = std::filesystem;

/// A file system to test, and what must live as long as it.
struct Subject {
    std::unique_ptr<FileSystem> below;
    std::unique_ptr<FileSystem> own;
    FileSystem* files = nullptr;
};

struct Kind {
    const char* name;
    Caching caching;
    std::function<Subject()> make;
};

Subject owning(std::unique_ptr<FileSystem> files, std::unique_ptr<FileSystem> below = nullptr) {
    Subject subject{std::move(below), std::move(files), nullptr};
    subject.files = subject.own.get();
    return subject;
}

Subject faultless() {
    auto memory = makeMemoryFiles();
    FileSystem& inner = *memory;
    return owning(std::make_unique<FaultFiles>(inner), std::move(memory));
}

Subject unthrottled() {
    auto memory = makeMemoryFiles();
    FileSystem& inner = *memory;
    return owning(std::make_unique<ThrottledFiles>(inner, ThrottleOptions{}), std::move(memory));
}

const std::vector<Kind> kKinds{
    {"OsBuffered", Caching::Buffered, [] { return Subject{nullptr, nullptr, &osFileSystem()}; }},
    {"OsDirect", Caching::Direct, [] { return Subject{nullptr, nullptr, &osFileSystem()}; }},
    {"Memory", Caching::Buffered, [] { return owning(makeMemoryFiles()); }},
    {"MemoryDirect", Caching::Direct, [] { return owning(makeMemoryFiles()); }},
    {"Faultless", Caching::Buffered, faultless},
    {"Crash", Caching::Buffered, [] { return owning(std::make_unique<CrashFiles>()); }},
    {"CrashDirect", Caching::Direct, [] { return owning(std::make_unique<CrashFiles>()); }},
    {"Unthrottled", Caching::Buffered, unthrottled},
};

class FileContract : public ::testing::TestWithParam<Kind> {
protected:
    void SetUp() override {
        subject = GetParam().make();
        GSST_EXPECT_OK(files().makeFolders(root()));
    }

    FileSystem& files() { return *subject.files; }
    const fs::path& root() const { return folder.path; }
    std::unique_ptr<File> file(const fs::path& name, OpenMode mode = OpenMode::Create) {
        return opened(files(), root() / name, mode, GetParam().caching);
    }

    // Beside the program: where it was built is a real drive more often than the folder of temporary files.
    TemporaryFolder folder{fs::current_path()};
    Subject subject;
};

INSTANTIATE_TEST_SUITE_P(, FileContract, ::testing::ValuesIn(kKinds), [](const auto& kind) { return kind.param.name; });

TEST_P(FileContract, ReadsWhatWasWritten) {
    const auto data = noise(5 * kIoAlignment, 1);
    const auto into = zeros(5 * kIoAlignment);
    const auto target = file("data");
    GSST_EXPECT_OK(target->write(2 * kIoAlignment, data.span()));
    EXPECT_EQ(target->size().value(), 7 * kIoAlignment);
    GSST_EXPECT_OK(target->read(2 * kIoAlignment, into.span()));
    EXPECT_TRUE(same(into.span(), data.span()));
    GSST_EXPECT_OK(target->read(0, into.span().first(2 * kIoAlignment)));
    EXPECT_TRUE(same(into.span().first(2 * kIoAlignment), zeros(2 * kIoAlignment).span()));
    GSST_EXPECT_OK(target->sync());

    const auto again = file("data", OpenMode::Read);
    GSST_EXPECT_OK(again->read(3 * kIoAlignment, into.span().first(kIoAlignment)));
    EXPECT_TRUE(same(into.span().first(kIoAlignment), data.span().subspan(kIoAlignment, kIoAlignment)));
    EXPECT_EQ(again->path(), root() / "data");
}

TEST_P(FileContract, EmptyRequestsDoNothing) {
    const auto target = file("data");
    GSST_EXPECT_OK(target->write(0, {}));
    GSST_EXPECT_OK(target->read(0, {}));
    GSST_EXPECT_OK(target->read(kIoAlignment, {}));
    EXPECT_EQ(target->size().value(), 0u);
}

TEST_P(FileContract, CreateKeepsWhatIsThere) {
    const auto data = noise(kIoAlignment, 2);
    GSST_EXPECT_OK(file("data")->write(0, data.span()));
    const auto into = zeros(kIoAlignment);
    GSST_EXPECT_OK(file("data")->read(0, into.span()));
    EXPECT_TRUE(same(into.span(), data.span()));
}

TEST_P(FileContract, ShortFileIsCorrupt) {
    const auto data = noise(2 * kIoAlignment, 3);
    const auto into = zeros(4 * kIoAlignment);
    const auto target = file("data");
    GSST_EXPECT_ERROR(target->read(0, into.span()), Corrupt);
    GSST_EXPECT_OK(target->write(0, data.span()));
    GSST_EXPECT_ERROR(target->read(0, into.span()), Corrupt);
    GSST_EXPECT_ERROR(target->read(2 * kIoAlignment, into.span()), Corrupt);
    GSST_EXPECT_ERROR(target->read(1000 * kIoAlignment, into.span()), Corrupt);
    GSST_EXPECT_OK(target->truncate(kIoAlignment + 100));  // the end lies inside a block
    GSST_EXPECT_ERROR(target->read(0, into.span()), Corrupt);
    GSST_EXPECT_ERROR(target->read(kIoAlignment, into.span().first(kIoAlignment)), Corrupt);
    GSST_EXPECT_OK(target->read(0, into.span().first(kIoAlignment)));
}

TEST_P(FileContract, DirectDemandsAlignment) {
    if (GetParam().caching == Caching::Buffered)
        return;
    const auto target = file("data");
    if (target->caching() == Caching::Buffered)
        GTEST_SKIP() << "this file system has no direct access";
    const auto data = noise(2 * kIoAlignment, 4);
    GSST_EXPECT_ERROR(target->write(0, data.span().first(100)), Internal);
    GSST_EXPECT_ERROR(target->write(512, data.span().first(kIoAlignment)), Internal);
    GSST_EXPECT_ERROR(target->write(0, data.span().subspan(8, kIoAlignment)), Internal);
    GSST_EXPECT_ERROR(target->read(0, data.span().subspan(8, kIoAlignment)), Internal);
}

TEST_P(FileContract, BufferedTakesAnyOffset) {
    const auto target = opened(files(), root() / "data", OpenMode::Create, Caching::Buffered);
    EXPECT_EQ(target->caching(), Caching::Buffered);
    const auto data = noise(kIoAlignment, 5);
    const auto into = zeros(kIoAlignment);
    GSST_EXPECT_OK(target->write(777, data.span().subspan(3, 1001)));
    GSST_EXPECT_OK(target->read(780, into.span().subspan(1, 998)));
    EXPECT_TRUE(same(into.span().subspan(1, 998), data.span().subspan(6, 998)));
    EXPECT_EQ(target->size().value(), 777u + 1001u);
}

TEST_P(FileContract, OffsetsOutOfRangeAreRefused) {
    const auto target = file("data");
    const auto data = zeros(kIoAlignment);
    const uint64_t last = ~uint64_t{0} / kIoAlignment * kIoAlignment;
    GSST_EXPECT_ERROR(target->read(last, data.span()), Internal);
    GSST_EXPECT_ERROR(target->write(last, data.span()), Internal);
    GSST_EXPECT_ERROR(target->write(uint64_t{1} << 63, data.span()), Internal);
    GSST_EXPECT_ERROR(target->truncate(~uint64_t{0}), NoSpace);
    GSST_EXPECT_ERROR(target->reserve(~uint64_t{0}), NoSpace);
    EXPECT_EQ(target->size().value(), 0u);
}

TEST_P(FileContract, ReserveSetsSizeAndKeepsBytes) {
    const auto data = noise(kIoAlignment, 6);
    const auto into = zeros(2 * kIoAlignment);
    const auto target = file("data");
    GSST_EXPECT_OK(target->write(0, data.span()));
    GSST_EXPECT_OK(target->reserve(64 * kIoAlignment));
    EXPECT_EQ(target->size().value(), 64 * kIoAlignment);
    GSST_EXPECT_OK(target->read(0, into.span()));
    EXPECT_TRUE(same(into.span().first(kIoAlignment), data.span()));
    EXPECT_TRUE(same(into.span().subspan(kIoAlignment), zeros(kIoAlignment).span()));
    GSST_EXPECT_OK(target->reserve(kIoAlignment));
    EXPECT_EQ(target->size().value(), kIoAlignment);
    GSST_EXPECT_OK(target->reserve(0));
    EXPECT_EQ(target->size().value(), 0u);
}

TEST_P(FileContract, ReserveBeyondTheDiskIsNoSpace) {
    const auto target = file("data");
    GSST_EXPECT_OK(target->write(0, noise(kIoAlignment, 7).span()));
    const uint64_t tooMuch = (files().freeSpace(root()).value() + (uint64_t{8} << 30)) / kIoAlignment * kIoAlignment;
    GSST_EXPECT_ERROR(target->reserve(tooMuch), NoSpace);
    EXPECT_EQ(target->size().value(), kIoAlignment);
}

TEST_P(FileContract, TruncateCutsAndGrowsWithZeros) {
    const auto target = file("data");
    const auto into = zeros(2 * kIoAlignment);
    GSST_EXPECT_OK(target->write(0, noise(2 * kIoAlignment, 8).span()));
    GSST_EXPECT_OK(target->truncate(kIoAlignment));
    EXPECT_EQ(target->size().value(), kIoAlignment);
    GSST_EXPECT_OK(target->truncate(2 * kIoAlignment));
    GSST_EXPECT_OK(target->read(0, into.span()));
    EXPECT_TRUE(same(into.span().subspan(kIoAlignment), zeros(kIoAlignment).span()));
}

TEST_P(FileContract, ReadOnlyFilesAreNotWritten) {
    GSST_EXPECT_OK(file("data")->write(0, noise(kIoAlignment, 9).span()));
    const auto target = file("data", OpenMode::Read);
    EXPECT_FALSE(target->write(0, zeros(kIoAlignment).span()).ok());
    EXPECT_FALSE(target->truncate(0).ok());
    EXPECT_EQ(target->size().value(), kIoAlignment);
}

TEST_P(FileContract, MissingThingsAreNotFound) {
    GSST_EXPECT_ERROR(files().open(root() / "no", OpenMode::Read, GetParam().caching), NotFound);
    GSST_EXPECT_ERROR(files().open(root() / "no", OpenMode::ReadWrite, GetParam().caching), NotFound);
    GSST_EXPECT_ERROR(files().open(root() / "no" / "file", OpenMode::Create, GetParam().caching), NotFound);
    GSST_EXPECT_ERROR(files().list(root() / "no"), NotFound);
    GSST_EXPECT_ERROR(files().rename(root() / "no", root() / "yes"), NotFound);
    GSST_EXPECT_ERROR(files().syncFolder(root() / "no"), NotFound);
    GSST_EXPECT_ERROR(files().freeSpace(root() / "no"), NotFound);
    GSST_EXPECT_ERROR(files().lock(root() / "no" / "LOCK"), NotFound);
    GSST_EXPECT_OK(files().remove(root() / "no"));
    GSST_EXPECT_OK(files().remove(root() / "no" / "deeper"));
    EXPECT_FALSE(files().exists(root() / "no"));
    const auto missing = files().open(root() / "no", OpenMode::Read, GetParam().caching);
    EXPECT_NE(missing.error().where.find("no"), std::string::npos);
}

TEST_P(FileContract, FoldersAreNotFiles) {
    GSST_EXPECT_OK(files().makeFolders(root() / "a" / "b"));
    GSST_EXPECT_OK(files().makeFolders(root() / "a" / "b"));
    GSST_EXPECT_ERROR(files().open(root() / "a", OpenMode::Read, GetParam().caching), InvalidInput);
    GSST_EXPECT_ERROR(files().remove(root() / "a"), InvalidInput);
    put(files(), root() / "file", "text");
    EXPECT_FALSE(files().makeFolders(root() / "file" / "below").ok());
    EXPECT_FALSE(files().makeFolders(root() / "file").ok());
    GSST_EXPECT_OK(files().remove(root() / "a" / "b"));
    GSST_EXPECT_OK(files().remove(root() / "a"));
    EXPECT_FALSE(files().exists(root() / "a"));
    EXPECT_EQ(get(files(), root() / "file"), "text");
}

TEST_P(FileContract, RenameReplaces) {
    put(files(), root() / "old", "old text");
    put(files(), root() / "new", "new text, longer");
    GSST_EXPECT_OK(files().rename(root() / "new", root() / "old"));
    GSST_EXPECT_OK(files().syncFolder(root()));
    EXPECT_FALSE(files().exists(root() / "new"));
    EXPECT_EQ(get(files(), root() / "old"), "new text, longer");
}

TEST_P(FileContract, AReplacedFileStaysWholeForWhoHasItOpen) {
    put(files(), root() / "old", "old text");
    put(files(), root() / "new", "new text, longer");
    const auto reader = opened(files(), root() / "old", OpenMode::Read);
    const Status renamed = files().rename(root() / "new", root() / "old");
    EXPECT_EQ(reader->size().value(), 8u);
    if (renamed.ok()) {
        EXPECT_EQ(get(files(), root() / "old"), "new text, longer");
        return;
    }
    EXPECT_EQ(renamed.error().code, ErrorCode::Permission);  // Windows does not replace what is open
    EXPECT_EQ(get(files(), root() / "old"), "old text");
}

TEST_P(FileContract, RenameMovesFoldersWithTheirContent) {
    GSST_EXPECT_OK(files().makeFolders(root() / "a" / "deep"));
    GSST_EXPECT_OK(files().makeFolders(root() / "a2"));
    put(files(), root() / "a" / "deep" / "file", "text");
    GSST_EXPECT_OK(files().rename(root() / "a", root() / "b"));
    EXPECT_FALSE(files().exists(root() / "a"));
    EXPECT_TRUE(files().exists(root() / "a2"));
    EXPECT_EQ(get(files(), root() / "b" / "deep" / "file"), "text");
    EXPECT_FALSE(files().rename(root() / "b", root() / "b" / "deep" / "b").ok());
}

TEST_P(FileContract, ListIsSortedWithSizes) {
    for (const char* name : {"b", "a10", "a2", "Z"})
        put(files(), root() / name, name);
    GSST_EXPECT_OK(files().makeFolders(root() / "folder" / "below"));
    const auto entries = files().list(root()).value();
    ASSERT_EQ(entries.size(), 5u);
    const std::vector<std::string> names{"Z", "a10", "a2", "b", "folder"};
    for (size_t i = 0; i < names.size(); ++i) {
        EXPECT_EQ(entries[i].path, root() / names[i]);
        EXPECT_EQ(entries[i].isDirectory, names[i] == "folder");
        EXPECT_EQ(entries[i].size, names[i] == "folder" ? 0 : names[i].size());
    }
    EXPECT_TRUE(files().list(root() / "folder" / "below").value().empty());
}

TEST_P(FileContract, NamesMayHaveAnyLetters) {
    const fs::path name = fs::path(u8"größe 日本 🙂.txt");
    put(files(), root() / name, "text");
    EXPECT_EQ(get(files(), root() / name), "text");
    ASSERT_EQ(files().list(root()).value().size(), 1u);
    EXPECT_EQ(files().list(root()).value()[0].path, root() / name);
    const auto missing = files().open(root() / fs::path(u8"ü"), OpenMode::Read, Caching::Buffered);
    EXPECT_NE(missing.error().where.find("\xC3\xBC"), std::string::npos);
}

TEST_P(FileContract, LockIsExclusiveWhileItLives) {
    {
        const auto lock = files().lock(root() / "LOCK");
        ASSERT_TRUE(lock.ok()) << lock.error().text();
        GSST_EXPECT_ERROR(files().lock(root() / "LOCK"), Busy);
        GSST_EXPECT_OK(files().lock(root() / "OTHER"));
        EXPECT_TRUE(files().exists(root() / "LOCK"));
    }
    GSST_EXPECT_OK(files().lock(root() / "LOCK"));
}

TEST_P(FileContract, FreeSpaceIsKnown) {
    EXPECT_GT(files().freeSpace(root()).value(), 0u);
}

TEST_P(FileContract, ThreadsShareAFile) {
    constexpr size_t kThreads = 4, kBlocks = 32;
    const auto target = file("data");
    std::vector<std::thread> threads;
    for (size_t t = 0; t < kThreads; ++t)
        threads.emplace_back([&, t] {
            for (size_t block = t; block < kBlocks; block += kThreads) {
                const auto data = noise(kIoAlignment, 100 + block);
                const auto into = zeros(kIoAlignment);
                GSST_EXPECT_OK(target->write(block * kIoAlignment, data.span()));
                GSST_EXPECT_OK(target->read(block * kIoAlignment, into.span()));
                EXPECT_TRUE(same(into.span(), data.span()));
            }
        });
    for (auto& thread : threads)
        thread.join();
    for (size_t block = 0; block < kBlocks; ++block) {
        const auto into = zeros(kIoAlignment);
        GSST_EXPECT_OK(target->read(block * kIoAlignment, into.span()));
        EXPECT_TRUE(same(into.span(), noise(kIoAlignment, 100 + block).span()));
    }
}

}  // namespace
}  // namespace gsst
