// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/async/async_io.h"

#include "file_helpers.h"
#include "io_engines.h"

#include "io/twins/fault_files.h"
#include "io/twins/memory_files.h"
#include "io/twins/throttled_files.h"

#include <atomic>
#include <condition_variable>
#include <future>
#include <latch>
#include <mutex>
#include <thread>
#include <tuple>

namespace gsst {
namespace {

using namespace gsst::testing;

/// What both kinds of test share: the engine, or a skipped test where the system has none.
class EngineTest {
protected:
    static void expectEngine(IoEngine engine) {
        std::string why;
        if (!makeEngine(engine, {}, &why))
            GTEST_SKIP() << why;
    }
};

/// On files of which every call is counted and can be spoiled; no engine can go past File::read and File::write here.
class AsyncIoTwinTest : public ::testing::TestWithParam<IoEngine>, protected EngineTest {
protected:
    void SetUp() override { expectEngine(GetParam()); }
    std::unique_ptr<AsyncIo> make(const ThreadPoolIoOptions& options) { return makeEngine(GetParam(), options); }

    std::unique_ptr<FileSystem> memory = makeMemoryFiles();
    FaultFiles files{*memory};
    std::unique_ptr<File> file = opened(files, "file", OpenMode::Create, Caching::Direct);
};
INSTANTIATE_TEST_SUITE_P(Engines, AsyncIoTwinTest, ::testing::ValuesIn(kIoEngines),
                         [](const auto& each) { return nameOf(each.param); });

enum class Place { Twin, Disk };

/// On a file in memory and on a drive.
class AsyncIoTest : public ::testing::TestWithParam<std::tuple<IoEngine, Place>>, protected EngineTest {
protected:
    void SetUp() override {
        expectEngine(engine());
        if (std::get<Place>(GetParam()) == Place::Disk && file->caching() != Caching::Direct)
            GTEST_SKIP() << "the file system of the working folder has no direct access";
    }
    IoEngine engine() const { return std::get<IoEngine>(GetParam()); }
    std::unique_ptr<AsyncIo> make(const ThreadPoolIoOptions& options) { return makeEngine(engine(), options); }
    bool onDisk() const { return std::get<Place>(GetParam()) == Place::Disk; }

    TemporaryFolder folder{std::filesystem::current_path()};
    std::unique_ptr<FileSystem> memory = makeMemoryFiles();
    FileSystem& files = onDisk() ? osFileSystem() : *memory;
    std::filesystem::path path = onDisk() ? folder.path / "file" : "file";
    std::unique_ptr<File> file = opened(files, path, OpenMode::Create, Caching::Direct);
};
INSTANTIATE_TEST_SUITE_P(Engines, AsyncIoTest,
                         ::testing::Combine(::testing::ValuesIn(kIoEngines),
                                            ::testing::Values(Place::Twin, Place::Disk)),
                         [](const auto& each) {
                             return nameOf(std::get<IoEngine>(each.param)) +
                                    (std::get<Place>(each.param) == Place::Twin ? "Twin" : "Disk");
                         });

TEST_P(AsyncIoTest, ManyRequestsInAnyOrder) {
    constexpr size_t kRequests = 300, kBytes = 2 * kIoAlignment;
    const auto io = make({.readThreads = 3, .writeThreads = 3, .pieceBytes = kIoAlignment});
    const auto data = noise(kRequests * kBytes, 1), into = zeros(kRequests * kBytes);
    std::vector<std::atomic<int>> calls(kRequests);
    std::mutex mutex;
    std::condition_variable wake;
    size_t left = kRequests;
    for (size_t i = 0; i < kRequests; ++i) {
        const size_t at = i * 7919 % kRequests * kBytes;  // 7919 is prime: every place once
        io->write(*file, at, data.span().subspan(at, kBytes), [&, at, i](Status written) {
            GSST_EXPECT_OK(written);
            io->read(*file, at, into.span().subspan(at, kBytes), [&, i](Status status) {  // a completion may submit
                GSST_EXPECT_OK(status);
                ++calls[i];
                const std::lock_guard lock(mutex);
                if (--left == 0)
                    wake.notify_all();
            });
        });
    }
    std::unique_lock lock(mutex);
    wake.wait(lock, [&] { return left == 0; });
    EXPECT_TRUE(same(into.span(), data.span()));
    for (const auto& count : calls)
        EXPECT_EQ(count, 1);
}

TEST_P(AsyncIoTest, LongRequestsAreCounted) {
    const auto io = make({.readThreads = 2, .writeThreads = 2, .pieceBytes = 3 * kIoAlignment});
    const auto data = noise(10 * kIoAlignment, 2), into = zeros(10 * kIoAlignment);
    Waiter written, read;
    io->write(*file, kIoAlignment, data.span(), written.done());
    GSST_EXPECT_OK(written.wait());
    io->read(*file, kIoAlignment, into.span(), read.done());
    GSST_EXPECT_OK(read.wait());
    EXPECT_TRUE(same(into.span(), data.span()));
    EXPECT_EQ(io->counters().writtenBytes, data.size());
    EXPECT_EQ(io->counters().readBytes, data.size());
    EXPECT_GT(io->counters().readNanoseconds, 0u);
    EXPECT_GT(io->counters().writeNanoseconds, 0u);
}

TEST_P(AsyncIoTwinTest, LongRequestsAreParted) {
    const auto io = make({.readThreads = 2, .writeThreads = 2, .pieceBytes = 3 * kIoAlignment});
    const auto data = noise(10 * kIoAlignment, 2), into = zeros(10 * kIoAlignment);
    Waiter written, read;
    io->write(*file, kIoAlignment, data.span(), written.done());
    GSST_EXPECT_OK(written.wait());
    EXPECT_EQ(files.calls(FileCall::Write), 4);
    io->read(*file, kIoAlignment, into.span(), read.done());
    GSST_EXPECT_OK(read.wait());
    EXPECT_EQ(files.calls(FileCall::Read), 4);
}

TEST_P(AsyncIoTwinTest, OddPieceSizesStayAligned) {
    const auto io = make({.readThreads = 0, .writeThreads = 0, .pieceBytes = 1});
    const auto data = noise(3 * kIoAlignment, 2);
    Waiter written;
    io->write(*file, 0, data.span(), written.done());
    GSST_EXPECT_OK(written.wait());
    EXPECT_EQ(files.calls(FileCall::Write), 3);
}

TEST_P(AsyncIoTest, EmptyRequestsComplete) {
    const auto io = make({});
    Waiter written, read;
    io->write(*file, 0, {}, written.done());
    io->read(*file, 0, {}, read.done());
    GSST_EXPECT_OK(written.wait());
    GSST_EXPECT_OK(read.wait());
}

TEST_P(AsyncIoTwinTest, OneErrorOfManyPiecesIsReportedOnceAfterAll) {
    const auto io = make({.readThreads = 2, .writeThreads = 2, .pieceBytes = kIoAlignment});
    const auto data = noise(16 * kIoAlignment, 3), into = zeros(16 * kIoAlignment);
    for (int nth : {1, 7, 16}) {
        files.clear();
        files.add({.call = FileCall::Write, .fault = Fault::NoSpace, .nth = nth});
        const int before = files.calls(FileCall::Write);
        std::atomic<int> calls = 0;
        Waiter written;
        io->write(*file, 0, data.span(), [&](Status status) {
            ++calls;
            EXPECT_EQ(files.calls(FileCall::Write) - before, 16);
            written.promise->set_value(std::move(status));
        });
        GSST_EXPECT_ERROR(written.wait(), NoSpace);
        EXPECT_EQ(calls, 1);
    }
    Waiter read;  // beyond the end
    io->read(*file, 8 * kIoAlignment, into.span(), read.done());
    GSST_EXPECT_ERROR(read.wait(), Corrupt);
}

TEST_P(AsyncIoTwinTest, TheForemostErrorIsTheOneReported) {
    const auto io = make({.readThreads = 1, .writeThreads = 1, .pieceBytes = kIoAlignment});
    files.add({.call = FileCall::Write, .fault = Fault::NoSpace, .nth = 2});
    files.add({.call = FileCall::Write, .fault = Fault::Fail, .nth = 3});
    const auto data = noise(4 * kIoAlignment, 3);
    Waiter written;
    io->write(*file, 0, data.span(), written.done());
    GSST_EXPECT_ERROR(written.wait(), NoSpace);
}

TEST_P(AsyncIoTwinTest, OneThreadKeepsTheOrder) {
    std::vector<int> order;
    std::promise<void> finished;  // before the engine, whose threads may still be in set_value() when the wait ends
    const auto io = make({.readThreads = 1, .writeThreads = 1});
    const auto data = noise(kIoAlignment, 4);
    for (int i = 0; i < 20; ++i) {
        if (i % 2 == 0)
            io->write(*file, 0, data.span(), [&order, i](Status) { order.push_back(i); });
        else
            io->run([&order, i] { order.push_back(i); });
    }
    io->run([&] { finished.set_value(); });
    finished.get_future().wait();
    ASSERT_EQ(order.size(), 20u);
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_P(AsyncIoTest, BlockedWritesDoNotHoldUpReads) {
    std::promise<void> gate;  // before the engine, whose thread may come to it late
    const auto io = make({.readThreads = 1, .writeThreads = 1});
    const auto data = noise(kIoAlignment, 5), into = zeros(kIoAlignment);
    GSST_EXPECT_OK(file->write(0, data.span()));
    io->run([&] { gate.get_future().wait(); });
    Waiter read;
    io->read(*file, 0, into.span(), read.done());
    GSST_EXPECT_OK(read.wait());
    gate.set_value();
}

TEST_P(AsyncIoTwinTest, TheDestructorWaitsForEverythingEvenWhatCompletionsSubmit) {
    ThrottledFiles slow(*memory, {.latencySeconds = 0.005});
    const auto target = opened(slow, "slow", OpenMode::Create, Caching::Direct);
    const auto data = noise(kIoAlignment, 6);
    std::atomic<int> finished = 0;
    {
        const auto io = make({.readThreads = 1, .writeThreads = 1});
        AsyncIo& pool = *io;  // the pointer itself is cleared before the destructor runs
        const auto into = std::make_shared<AlignedBuffer>(zeros(kIoAlignment));
        for (int i = 0; i < 5; ++i)
            io->write(*target, 0, data.span(), [&pool, &target, &finished, into](Status) {
                pool.read(*target, 0, into->span(), [&pool, &finished, into](Status status) {
                    GSST_EXPECT_OK(status);
                    pool.run([&finished] { ++finished; });
                });
            });
    }
    EXPECT_EQ(finished, 5);
}

TEST_P(AsyncIoTest, WhatACompletionHoldsIsReleasedBeforeTheDestructorReturns) {
    const auto held = std::make_shared<int>(1);
    const auto data = noise(kIoAlignment, 7);
    {
        const auto io = make({});
        for (int i = 0; i < 50; ++i) {
            io->write(*file, 0, data.span(), [held](Status) {});
            io->run([held] {});
        }
    }
    EXPECT_EQ(held.use_count(), 1);
}

TEST_P(AsyncIoTest, WhatDiffersFromTheContractIsReportedOnAThreadOfTheEngine) {
    std::promise<std::thread::id> where;
    const auto io = make({});
    const auto data = noise(4 * kIoAlignment, 8), into = zeros(4 * kIoAlignment);
    GSST_EXPECT_OK(file->write(0, data.span()));
    Waiter unaligned, early, beyond;
    io->read(*file, 0, into.span().subspan(1, kIoAlignment), [&](Status status) {
        where.set_value(std::this_thread::get_id());
        unaligned.promise->set_value(std::move(status));
    });
    GSST_EXPECT_ERROR(unaligned.wait(), Internal);
    EXPECT_NE(where.get_future().get(), std::this_thread::get_id());
    io->read(*file, 2 * kIoAlignment, into.span(), early.done());
    GSST_EXPECT_ERROR(early.wait(), Corrupt);
    io->read(*file, 8 * kIoAlignment, into.span(), beyond.done());
    GSST_EXPECT_ERROR(beyond.wait(), Corrupt);
    EXPECT_EQ(io->counters().readBytes, 0u);
}

TEST_P(AsyncIoTest, AFileThatMustNotBeWrittenSaysSo) {
    const auto data = noise(kIoAlignment, 9);
    GSST_EXPECT_OK(file->write(0, data.span()));
    const auto sealed = opened(files, path, OpenMode::Read, Caching::Direct);
    const Status expected = sealed->write(0, data.span());
    ASSERT_FALSE(expected.ok());
    Waiter written;
    make({})->write(*sealed, 0, data.span(), written.done());
    const Status status = written.wait();
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().text(), expected.error().text());
    EXPECT_EQ(status.error().code, expected.error().code);
}

TEST_P(AsyncIoTest, CompletionsRunSideBySide) {
    const auto io = make({.readThreads = 2, .writeThreads = 2});
    const auto data = noise(kIoAlignment, 10), into = zeros(2 * kIoAlignment);
    GSST_EXPECT_OK(file->write(0, data.span()));
    std::latch both(2);
    Waiter waiters[2];
    for (size_t i = 0; i < 2; ++i)
        io->read(*file, 0, into.span().subspan(i * kIoAlignment, kIoAlignment), [&, i](Status status) {
            both.arrive_and_wait();  // hangs unless the other one runs as well
            waiters[i].promise->set_value(std::move(status));
        });
    for (Waiter& waiter : waiters)
        GSST_EXPECT_OK(waiter.wait());
}

TEST_P(AsyncIoTest, ASlowCompletionHoldsUpNothingElse) {
    const auto io = make({.readThreads = 2, .writeThreads = 1, .pieceBytes = kIoAlignment});
    const auto data = noise(4 * kIoAlignment, 11), into = zeros(4 * kIoAlignment), slowInto = zeros(kIoAlignment);
    GSST_EXPECT_OK(file->write(0, data.span()));
    std::promise<void> gate;
    const std::shared_future<void> opens = gate.get_future().share();
    Waiter slow;
    io->read(*file, 0, slowInto.span(), [&slow, opens](Status status) {
        opens.wait();
        slow.promise->set_value(std::move(status));
    });
    for (int i = 0; i < 20; ++i) {
        Waiter read, written;
        io->read(*file, 0, into.span(), read.done());
        GSST_EXPECT_OK(read.wait());
        io->write(*file, 0, data.span(), written.done());
        GSST_EXPECT_OK(written.wait());
    }
    gate.set_value();
    GSST_EXPECT_OK(slow.wait());
}

TEST_P(AsyncIoTest, ARequestOutlivesTheThreadThatMadeIt) {
    const auto io = make({.pieceBytes = kIoAlignment});
    const auto data = noise(64 * kIoAlignment, 12), into = zeros(64 * kIoAlignment);
    Waiter written, read;
    std::thread([&] { io->write(*file, 0, data.span(), written.done()); }).join();
    GSST_EXPECT_OK(written.wait());
    std::thread([&] { io->read(*file, 0, into.span(), read.done()); }).join();
    GSST_EXPECT_OK(read.wait());
    EXPECT_TRUE(same(into.span(), data.span()));
}

TEST_P(AsyncIoTest, RegisteredMemoryGivesTheSameBytes) {
    constexpr size_t kBytes = 32 * kIoAlignment;
    const auto data = noise(kBytes, 13), first = zeros(kBytes), second = zeros(kBytes), other = zeros(kBytes);
    const auto io = make({.pieceBytes = 4 * kIoAlignment});
    for (const auto& buffer : {data.span(), first.span().first(kBytes / 2), second.span()})
        if (const Status status = io->registerBuffers(buffer); !status.ok())
            GTEST_SKIP() << status.error().text();
    GSST_EXPECT_OK(io->registerBuffers({}));
    Waiter written;
    io->write(*file, 0, data.span(), written.done());
    GSST_EXPECT_OK(written.wait());
    // Whole, only half, at the very end, and not at all inside what is registered.
    for (const auto& into : {second.span(), first.span(), second.span().last(kIoAlignment), other.span()}) {
        std::fill(into.begin(), into.end(), std::byte{0});
        Waiter read;
        io->read(*file, 0, into, read.done());
        GSST_EXPECT_OK(read.wait());
        EXPECT_TRUE(same(into, data.span().first(into.size())));
    }
}

}  // namespace
}  // namespace gsst
