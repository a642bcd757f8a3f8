// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/async/io_probe.h"

#include "io_engines.h"

#include "io/twins/fault_files.h"
#include "io/twins/memory_files.h"
#include "io/twins/throttled_files.h"

#include <vector>

namespace gsst {
namespace {

using namespace gsst::testing;

constexpr uint64_t kBytes = uint64_t{1} << 20;

struct IoProbeTest : ::testing::Test {
    std::unique_ptr<FileSystem> memory = makeMemoryFiles();
    void SetUp() override { GSST_EXPECT_OK(memory->makeFolders("folder")); }
    bool isClean() { return memory->list("folder").value().empty(); }
};

TEST_F(IoProbeTest, MeasuresADriveWithoutIoUring) {
    const auto probe = probeIo(*memory, "folder", {.bytes = kBytes}, {});
    ASSERT_TRUE(probe.ok()) << probe.error().text();
    EXPECT_GT(probe->threadPool.readBytesPerSecond, 0);
    EXPECT_GT(probe->threadPool.writeBytesPerSecond, 0);
    EXPECT_FALSE(probe->uring.has_value());
    EXPECT_FALSE(probe->whyNoUring.empty());
    EXPECT_EQ(bestEngine(*probe), IoEngine::ThreadPool);
    EXPECT_TRUE(isClean());
}

TEST_F(IoProbeTest, TheRatesAreThoseOfTheDrive) {
    ThrottledFiles slow(*memory, {.readBytesPerSecond = 4e6, .writeBytesPerSecond = 8e6});
    const auto probe = probeIo(slow, "folder", {.bytes = kBytes}, {});
    ASSERT_TRUE(probe.ok()) << probe.error().text();
    // Never faster, but for the little that a drive is ahead after a pause; a busy computer may make it slower.
    EXPECT_LT(probe->threadPool.readBytesPerSecond, 1.5 * 4e6);
    EXPECT_LT(probe->threadPool.writeBytesPerSecond, 1.5 * 8e6);
}

TEST_F(IoProbeTest, WritesWhatItSaysAndAsMuchAsTheDriveNeedsToTire) {
    for (const uint64_t sustained : {uint64_t{0}, 3 * kBytes}) {
        FaultFiles counting(*memory);
        const auto probe = probeIo(counting, "folder", {.bytes = kBytes, .sustainedBytes = sustained}, {});
        ASSERT_TRUE(probe.ok()) << probe.error().text();
        EXPECT_EQ(probe->writtenBytes, std::max(kBytes, sustained) + kBytes / 2);
        EXPECT_GE(counting.calls(FileCall::Sync), 1);
    }
}

TEST_F(IoProbeTest, ProgressGrowsToOne) {
    std::vector<double> shares;
    const auto probe = probeIo(
        *memory, "folder",
        {.bytes = kBytes, .sustainedBytes = 2 * kBytes, .progress = [&](double share) { shares.push_back(share); }},
        {});
    ASSERT_TRUE(probe.ok()) << probe.error().text();
    ASSERT_FALSE(shares.empty());
    EXPECT_TRUE(std::is_sorted(shares.begin(), shares.end()));
    EXPECT_NEAR(shares.back(), 1.0, 1e-9);
    EXPECT_LT(shares.front(), 0.1);
}

TEST_F(IoProbeTest, StopsWhenAskedAndLeavesNothing) {
    for (const double at : {0.0, 0.3, 0.9}) {
        std::stop_source stop;
        const auto probe = probeIo(*memory, "folder",
                                   {.bytes = kBytes,
                                    .progress =
                                        [&](double share) {
                                            if (share >= at)
                                                stop.request_stop();
                                        }},
                                   stop.get_token());
        GSST_EXPECT_ERROR(probe, Cancelled);
        EXPECT_TRUE(isClean());
    }
}

TEST_F(IoProbeTest, ErrorsOfTheDriveArePassedOnAndLeaveNothing) {
    struct Case {
        FileCall call;
        int nth;
    };
    for (const Case& each : {Case{FileCall::Open, 1},
                             {FileCall::Reserve, 1},
                             {FileCall::Write, 3},
                             {FileCall::Sync, 1},
                             {FileCall::Sync, 2},
                             {FileCall::Write, 40},
                             {FileCall::Read, 2},
                             {FileCall::Lock, 1}}) {
        FaultFiles faulty(*memory);
        faulty.add({.call = each.call, .nth = each.nth});
        GSST_EXPECT_ERROR(probeIo(faulty, "folder", {.bytes = kBytes}, {}), Io);
        EXPECT_EQ(faulty.fired(), 1);
        EXPECT_TRUE(isClean());
    }
}

TEST_F(IoProbeTest, RefusesWhatDoesNotFit) {
    const auto small = makeMemoryFiles(3 * kBytes);
    GSST_EXPECT_OK(small->makeFolders("folder"));
    FaultFiles counting(*small);
    GSST_EXPECT_ERROR(probeIo(counting, "folder", {.bytes = 3 * kBytes}, {}), NoSpace);
    GSST_EXPECT_ERROR(probeIo(counting, "folder", {.bytes = UINT64_MAX}, {}), NoSpace);
    GSST_EXPECT_ERROR(probeIo(counting, "folder", {.bytes = 4096}, {}), InvalidInput);
    EXPECT_EQ(counting.calls(FileCall::Open) + counting.calls(FileCall::Write), 0);
    GSST_EXPECT_OK(probeIo(counting, "folder", {.bytes = 2 * kBytes}, {}));
    GSST_EXPECT_ERROR(probeIo(*memory, "nowhere", {.bytes = kBytes}, {}), NotFound);
}

TEST_F(IoProbeTest, OneAtATime) {
    std::optional<Result<IoProbe>> second;
    const auto first = probeIo(*memory, "folder",
                               {.bytes = kBytes,
                                .progress =
                                    [&](double) {
                                        if (!second)
                                            second = probeIo(*memory, "folder", {.bytes = kBytes}, {});
                                    }},
                               {});
    GSST_EXPECT_OK(first);
    ASSERT_TRUE(second.has_value());
    GSST_EXPECT_ERROR(*second, Busy);
    EXPECT_TRUE(isClean());
}

TEST_F(IoProbeTest, MeasuresBothEnginesOnARealDrive) {
    const TemporaryFolder folder{std::filesystem::current_path()};
    const auto probe = probeIo(osFileSystem(), folder.path, {.bytes = 8 * kBytes}, {});
    ASSERT_TRUE(probe.ok()) << probe.error().text();
    EXPECT_TRUE(std::filesystem::is_empty(folder.path));
    EXPECT_NE(makeBestIo(*probe), nullptr);
    if (!probe->uring)
        GTEST_SKIP() << probe->whyNoUring;
    EXPECT_GT(probe->uring->readBytesPerSecond, 0);
    EXPECT_GT(probe->uring->writeBytesPerSecond, 0);
    EXPECT_GT(probe->uring->processorSecondsPerByte, 0);
    EXPECT_GT(probe->threadPool.processorSecondsPerByte, 0);
    EXPECT_EQ(probe->writtenBytes, 2 * 8 * kBytes);
}

TEST(BestEngine, IsTheFasterOneOrElseTheOneThatLeavesMoreOfTheProcessor) {
    IoProbe probe;
    probe.threadPool = {2e9, 1e9, 5e-11};
    EXPECT_EQ(bestEngine(probe), IoEngine::ThreadPool);
    const auto with = [&](double read, double write, double processor) {
        probe.uring = IoRate{read, write, processor};
        return bestEngine(probe);
    };
    for (const double processor : {1e-12, 1e-9}) {
        EXPECT_EQ(with(2.2e9, 1.1e9, processor), IoEngine::Uring);
        EXPECT_EQ(with(1.9e9, 1.5e9, processor), IoEngine::Uring);
        EXPECT_EQ(with(4e9, 0.5e9, processor), IoEngine::ThreadPool);
        EXPECT_EQ(with(1.8e9, 0.9e9, processor), IoEngine::ThreadPool);
        EXPECT_EQ(with(0, 0, processor), IoEngine::ThreadPool);
    }
    for (const double factor : {0.96, 1.0, 1.04}) {
        EXPECT_EQ(with(factor * 2e9, factor * 1e9, 4e-11), IoEngine::Uring) << factor;
        EXPECT_EQ(with(factor * 2e9, factor * 1e9, 6e-11), IoEngine::ThreadPool) << factor;
    }
    EXPECT_EQ(with(2e9, 1e9, 5e-11), IoEngine::ThreadPool);
}

TEST(MakeIo, AlwaysGivesOne) {
    const auto memory = makeMemoryFiles();
    const auto file = opened(*memory, "file");
    const auto data = noise(kIoAlignment, 1);
    for (const IoEngine engine : kIoEngines) {
        Waiter written;
        makeIo(engine)->write(*file, 0, data.span(), written.done());
        GSST_EXPECT_OK(written.wait());
    }
}

}  // namespace
}  // namespace gsst
