// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/async_io.h"

#include "file_helpers.h"

#include "io/fault_files.h"
#include "io/memory_files.h"
#include "io/throttled_files.h"

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

namespace gsst {
namespace {

using namespace gsst::testing;

/// Waits for one request.
struct Waiter {
    AsyncIo::Done done() {
        return [this](Status status) { promise.set_value(std::move(status)); };
    }
    Status wait() { return promise.get_future().get(); }
    std::promise<Status> promise;
};

class AsyncIoTest : public ::testing::Test {
protected:
    std::unique_ptr<FileSystem> memory = makeMemoryFiles();
    FaultFiles files{*memory};
    std::unique_ptr<File> file = opened(files, "file", OpenMode::Create, Caching::Direct);
};

TEST_F(AsyncIoTest, ManyRequestsInAnyOrder) {
    constexpr size_t kRequests = 300, kBytes = 2 * kIoAlignment;
    const auto io = makeThreadPoolIo({.readThreads = 3, .writeThreads = 3, .pieceBytes = kIoAlignment});
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

TEST_F(AsyncIoTest, LongRequestsArePartedAndCounted) {
    const auto io = makeThreadPoolIo({.readThreads = 2, .writeThreads = 2, .pieceBytes = 3 * kIoAlignment});
    const auto data = noise(10 * kIoAlignment, 2), into = zeros(10 * kIoAlignment);
    Waiter written, read;
    io->write(*file, kIoAlignment, data.span(), written.done());
    GSST_EXPECT_OK(written.wait());
    EXPECT_EQ(files.calls(FileCall::Write), 4);
    io->read(*file, kIoAlignment, into.span(), read.done());
    GSST_EXPECT_OK(read.wait());
    EXPECT_EQ(files.calls(FileCall::Read), 4);
    EXPECT_TRUE(same(into.span(), data.span()));
    EXPECT_EQ(io->counters().writtenBytes, data.size());
    EXPECT_EQ(io->counters().readBytes, data.size());
    EXPECT_GT(io->counters().readNanoseconds, 0u);
    EXPECT_GT(io->counters().writeNanoseconds, 0u);
}

TEST_F(AsyncIoTest, OddPieceSizesStayAligned) {
    const auto io = makeThreadPoolIo({.readThreads = 0, .writeThreads = 0, .pieceBytes = 1});
    const auto data = noise(3 * kIoAlignment, 2);
    Waiter written;
    io->write(*file, 0, data.span(), written.done());
    GSST_EXPECT_OK(written.wait());
    EXPECT_EQ(files.calls(FileCall::Write), 3);
}

TEST_F(AsyncIoTest, EmptyRequestsComplete) {
    const auto io = makeThreadPoolIo({});
    Waiter written, read;
    io->write(*file, 0, {}, written.done());
    io->read(*file, 0, {}, read.done());
    GSST_EXPECT_OK(written.wait());
    GSST_EXPECT_OK(read.wait());
}

TEST_F(AsyncIoTest, OneErrorOfManyPiecesIsReportedOnceAfterAll) {
    const auto io = makeThreadPoolIo({.readThreads = 2, .writeThreads = 2, .pieceBytes = kIoAlignment});
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
            written.promise.set_value(std::move(status));
        });
        GSST_EXPECT_ERROR(written.wait(), NoSpace);
        EXPECT_EQ(calls, 1);
    }
    Waiter read;  // beyond the end
    io->read(*file, 8 * kIoAlignment, into.span(), read.done());
    GSST_EXPECT_ERROR(read.wait(), Corrupt);
}

TEST_F(AsyncIoTest, TheForemostErrorIsTheOneReported) {
    const auto io = makeThreadPoolIo({.readThreads = 1, .writeThreads = 1, .pieceBytes = kIoAlignment});
    files.add({.call = FileCall::Write, .fault = Fault::NoSpace, .nth = 2});
    files.add({.call = FileCall::Write, .fault = Fault::Fail, .nth = 3});
    const auto data = noise(4 * kIoAlignment, 3);
    Waiter written;
    io->write(*file, 0, data.span(), written.done());
    GSST_EXPECT_ERROR(written.wait(), NoSpace);
}

TEST_F(AsyncIoTest, OneThreadKeepsTheOrder) {
    const auto io = makeThreadPoolIo({.readThreads = 1, .writeThreads = 1});
    const auto data = noise(kIoAlignment, 4);
    std::vector<int> order;
    std::promise<void> finished;
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

TEST_F(AsyncIoTest, BlockedWritesDoNotHoldUpReads) {
    const auto io = makeThreadPoolIo({.readThreads = 1, .writeThreads = 1});
    const auto data = noise(kIoAlignment, 5), into = zeros(kIoAlignment);
    GSST_EXPECT_OK(file->write(0, data.span()));
    std::promise<void> gate;
    io->run([&] { gate.get_future().wait(); });
    Waiter read;
    io->read(*file, 0, into.span(), read.done());
    GSST_EXPECT_OK(read.wait());
    gate.set_value();
}

TEST_F(AsyncIoTest, TheDestructorWaitsForEverythingEvenWhatCompletionsSubmit) {
    ThrottledFiles slow(*memory, {.latencySeconds = 0.005});
    const auto target = opened(slow, "slow", OpenMode::Create, Caching::Direct);
    const auto data = noise(kIoAlignment, 6);
    std::atomic<int> finished = 0;
    {
        const auto io = makeThreadPoolIo({.readThreads = 1, .writeThreads = 1});
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

TEST_F(AsyncIoTest, WhatACompletionHoldsIsReleasedBeforeTheDestructorReturns) {
    const auto held = std::make_shared<int>(1);
    const auto data = noise(kIoAlignment, 7);
    {
        const auto io = makeThreadPoolIo({});
        for (int i = 0; i < 50; ++i) {
            io->write(*file, 0, data.span(), [held](Status) {});
            io->run([held] {});
        }
    }
    EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace gsst
