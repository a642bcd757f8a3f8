// SPDX-License-Identifier: GPL-3.0-or-later
#include "device/cpu_device.h"
#include "device/cuda_device.h"
#include "device/delaying_device.h"
#include "device_work.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace gsst {
namespace {

enum class Kind { Cpu, Delaying, Cuda };

std::string nameOf(Kind kind) {
    return kind == Kind::Cpu ? "Cpu" : kind == Kind::Delaying ? "Delaying" : "Cuda";
}

DeviceBuffer take(Device& device, int64_t bytes) {
    auto buffer = device.allocate(bytes);
    EXPECT_TRUE(buffer.ok());
    return buffer.ok() ? std::move(*buffer) : DeviceBuffer();
}

std::vector<std::byte> pattern(size_t bytes, int first) {
    std::vector<std::byte> data(bytes);
    for (size_t i = 0; i < bytes; ++i)
        data[i] = std::byte(size_t(first) + i * 7);
    return data;
}

class AnyDevice : public testing::TestWithParam<Kind> {
protected:
    void SetUp() override {
        if (GetParam() == Kind::Cpu)
            device = std::make_unique<CpuDevice>(pool);
        else if (GetParam() == Kind::Delaying)
            device = std::make_unique<DelayingDevice>(pool, 11);
        else
            openCard();
    }
    void TearDown() override { EXPECT_TRUE(!card || card->status().ok()) << card->status().error().text(); }
    void openCard() {
        if (cudaDevices().empty())
            GTEST_SKIP() << "this machine has no CUDA card: the CUDA device is compiled, but not tried";
        auto created = CudaDevice::create(0, kLimit);
        ASSERT_TRUE(created.ok()) << created.error().text();
        card = created->get();
        device = std::move(*created);
    }
    /// Bytes 0, 2, 4 ... as work of Compute.
    DeviceEvent copyEverySecondByte(std::byte* to, const std::byte* from, int64_t bytes) {
        return device->run(Stream::Compute, [=, onCard = card] {
            if (onCard)
                return copyEverySecondByteOnCard(to, from, bytes, onCard->nativeStream(Stream::Compute));
            for (int64_t i = 0; i < bytes; i += 2)
                to[i] = from[i];
        });
    }

    static constexpr int64_t kLimit = 16 << 20;
    HostPool pool{kLimit};
    std::unique_ptr<Device> device;
    CudaDevice* card = nullptr;  ///< `device`, when it is one
};

TEST_P(AnyDevice, BuffersCountAndMove) {
    DeviceBuffer first = take(*device, 1 << 20);
    EXPECT_TRUE(first);
    EXPECT_EQ(first.size(), 1 << 20);
    EXPECT_EQ(device->usage().inUse, 1 << 20);
    std::byte* data = first.data();
    DeviceBuffer second = std::move(first);
    EXPECT_FALSE(first);
    EXPECT_EQ(second.data(), data);
    second = take(*device, 2 << 20);
    EXPECT_EQ(device->usage().inUse, 2 << 20) << "assigning gives the old memory back";
    DeviceBuffer& same = second;
    second = std::move(same);
    EXPECT_TRUE(second);
    second.release();
    second.release();
    EXPECT_EQ(device->usage().inUse, 0);
    EXPECT_EQ(device->usage().peak, 3 << 20);
    device->resetPeak();
    EXPECT_EQ(device->usage().peak, 0);
    device->trim();
    EXPECT_EQ(device->usage().held, 0);
}

TEST_P(AnyDevice, RefusesOverTheLimit) {
    DeviceBuffer most = take(*device, 12 << 20);
    const auto more = device->allocate(5 << 20);
    ASSERT_FALSE(more.ok());
    EXPECT_EQ(more.error().code, ErrorCode::OutOfMemory);
    most.release();
    EXPECT_TRUE(device->allocate(16 << 20).ok()) << "the cached block makes room";
}

TEST_P(AnyDevice, StreamsKeepOrderAndWait) {
    for (int round = 0; round < 20; ++round) {
        const auto in = pattern(5000, round);
        std::vector<std::byte> out(in.size());
        DeviceBuffer buffer = take(*device, 5000), result = take(*device, 5000);
        const DeviceEvent ready = device->run(Stream::Compute, [] {});
        device->streamWait(Stream::Copy, ready);
        const DeviceEvent copied = device->copyIn(Stream::Copy, buffer.data(), in);
        device->fillZero(Stream::Compute, result.data(), 5000);
        device->streamWait(Stream::Compute, copied);
        const DeviceEvent computed = copyEverySecondByte(result.data(), buffer.data(), 5000);
        device->streamWait(Stream::Copy, computed);
        device->hostWait(device->copyOut(Stream::Copy, out, result.data()));
        for (size_t i = 0; i < in.size(); ++i)
            ASSERT_EQ(out[i], i % 2 ? std::byte{0} : in[i]);
    }
}

/// Waiting for an event means its own work, however many events came and went since.
TEST_P(AnyDevice, ManyEventsStayValid) {
    constexpr size_t kRounds = 300;
    std::vector<std::vector<std::byte>> in, out(kRounds, std::vector<std::byte>(64));
    for (size_t i = 0; i < kRounds; ++i)
        in.push_back(pattern(64, int(i)));
    const DeviceBuffer buffer = take(*device, 64);
    std::vector<DeviceEvent> events;
    for (size_t i = 0; i < kRounds; ++i) {
        const Stream stream = i % 3 ? Stream::Compute : Stream::Copy;
        device->streamWait(stream, i ? events.back() : DeviceEvent{});
        device->copyIn(stream, buffer.data(), in[i]);
        events.push_back(device->copyOut(stream, out[i], buffer.data()));
        if (i % 10 == 0)
            device->hostWait(events[i / 2]);
    }
    for (size_t i = 0; i < kRounds; ++i) {
        device->hostWait(events[i]);
        ASSERT_EQ(out[i], in[i]) << i;
    }
}

TEST_P(AnyDevice, NothingIsEmptyWork) {
    DeviceBuffer buffer = take(*device, 0);
    device->copyIn(Stream::Copy, buffer.data(), {});
    device->fillZero(Stream::Copy, buffer.data(), 0);
    device->hostWait(device->copyOut(Stream::Copy, {}, buffer.data()));
    device->hostWait(DeviceEvent{});
    device->streamWait(Stream::Compute, DeviceEvent{});
}

TEST_P(AnyDevice, FreeingBeforeTheWorkRanIsLegalInStreamOrder) {
    for (int round = 0; round < 30; ++round) {
        const auto in = pattern(4096, round);
        std::vector<std::byte> out(in.size()), other(in.size());
        {
            DeviceBuffer buffer = take(*device, 4096);
            device->copyIn(Stream::Compute, buffer.data(), in);
            device->copyOut(Stream::Compute, out, buffer.data());
        }
        const DeviceBuffer again = take(*device, 4096);  // the same memory, while older work is on it
        device->fillZero(Stream::Compute, again.data(), 4096);
        device->hostWait(device->copyOut(Stream::Compute, other, again.data()));
        ASSERT_EQ(out, in);
        ASSERT_EQ(other, std::vector<std::byte>(in.size()));
    }
}

TEST_P(AnyDevice, MemoryLeavesThePoolOnlyWhenWorkIsDone) {
    for (int round = 0; round < 10; ++round) {
        const auto in = pattern(8 << 20, round);
        std::vector<std::byte> out(in.size());
        DeviceBuffer buffer = take(*device, 8 << 20);
        device->copyIn(Stream::Compute, buffer.data(), in);
        const DeviceEvent done = device->copyOut(Stream::Compute, out, buffer.data());
        buffer.release();
        if (round % 2)
            device->trim();
        else
            EXPECT_TRUE(device->allocate(9 << 20).ok());  // the pool gives the 8 MiB back to make room
        device->hostWait(done);
        ASSERT_EQ(out, in);
    }
}

INSTANTIATE_TEST_SUITE_P(Devices, AnyDevice, testing::Values(Kind::Cpu, Kind::Delaying, Kind::Cuda),
                         [](const auto& tested) { return nameOf(tested.param); });

TEST(CpuDevice, RunsAtOnce) {
    HostPool pool(0);
    CpuDevice device(pool);
    bool ran = false;
    device.run(Stream::Compute, [&] { ran = true; });
    EXPECT_TRUE(ran);
    EXPECT_EQ(device.kind(), DeviceKind::Cpu);
}

TEST(CudaDevice, WithoutACardTheErrorSaysWhatToDo) {
    const auto devices = cudaDevices();
    const auto created = CudaDevice::create(int(devices.size()), 0);
    ASSERT_FALSE(created.ok());
    const Error& error = created.error();
    EXPECT_EQ(error.code, ErrorCode::InvalidInput);
    EXPECT_NE(error.where.find("CUDA device"), std::string::npos) << error.text();
    EXPECT_FALSE(error.why.empty());
    EXPECT_NE(error.todo.find("processor"), std::string::npos) << error.text();
    EXPECT_FALSE(CudaDevice::create(-1, 0).ok());
}

TEST(CudaDevice, TellsAboutItsCards) {
    const auto devices = cudaDevices();
    if (devices.empty())
        GTEST_SKIP() << "this machine has no CUDA card to tell about";
    for (const CudaDeviceInfo& info : devices) {
        EXPECT_FALSE(info.name.empty());
        EXPECT_GT(info.computeMajor, 0);
        EXPECT_GT(info.memoryTotal, 1 << 30);
        EXPECT_LE(info.memoryFree, info.memoryTotal);
    }
}

TEST(CudaDevice, PinnedMemoryIsCopiedRightAndPinnedOnce) {
    if (cudaDevices().empty())
        GTEST_SKIP() << "this machine has no CUDA card to copy to";
    auto card = CudaDevice::create(0, 64 << 20);
    ASSERT_TRUE(card.ok()) << card.error().text();
    std::vector<std::byte> in = pattern(8 << 20, 3), out(in.size());
    {
        auto pinnedIn = (*card)->pin(in), pinnedOut = (*card)->pin(out);
        ASSERT_TRUE(pinnedIn.ok() && pinnedOut.ok());
        EXPECT_FALSE((*card)->pin(in).ok()) << "pinned twice";
        DeviceBuffer buffer = take(**card, 8 << 20);
        const DeviceEvent copied = (*card)->copyIn(Stream::Copy, buffer.data(), in);
        (*card)->streamWait(Stream::Compute, copied);
        (*card)->hostWait((*card)->copyOut(Stream::Compute, out, buffer.data()));
        EXPECT_EQ(in, out);
    }
    EXPECT_TRUE((*card)->pin(in).ok()) << "still pinned";
    EXPECT_TRUE((*card)->status().ok());
}

/// Atomics stand for memory: the mistake is an order, not a data race that sanitizers would have to forgive.
int missedReads(bool waiting) {
    HostPool pool(0);
    DelayingDevice device(pool, 3);
    int missed = 0;
    for (int i = 1; i <= 100; ++i) {
        std::atomic<int> value = 0, seen = 0;
        const DeviceEvent written = device.run(Stream::Copy, [&] { value = i; });
        if (waiting)
            device.streamWait(Stream::Compute, written);
        device.hostWait(device.run(Stream::Compute, [&] { seen = value.load(); }));
        missed += seen != i;
        device.hostWait(written);
    }
    return missed;
}

TEST(DelayingDevice, AMissingStreamWaitShows) {
    EXPECT_EQ(missedReads(true), 0);
    EXPECT_GT(missedReads(false), 5);
}

TEST(DelayingDevice, AMissingHostWaitShows) {
    HostPool pool(0);
    DelayingDevice device(pool, 4);
    int early = 0;
    for (int i = 0; i < 100; ++i) {
        std::atomic<bool> done = false;
        const DeviceEvent event = device.run(Stream::Compute, [&] { done = true; });
        early += !done;
        device.hostWait(event);
        EXPECT_TRUE(done);
    }
    EXPECT_GT(early, 20);
}

TEST(DelayingDevice, UseAfterFreeShows) {
    HostPool pool(0);
    DelayingDevice device(pool, 5);
    const std::vector<std::byte> in(4096, std::byte{1});
    std::vector<std::byte> out(4096);
    DeviceBuffer buffer = take(device, 4096);
    std::byte* data = buffer.data();
    device.copyIn(Stream::Compute, data, in);
    buffer.release();
    device.hostWait(device.copyOut(Stream::Compute, out, data));
    EXPECT_EQ(out, std::vector<std::byte>(4096, std::byte{0xff}));
}

TEST(DelayingDevice, StreamsRunAtTheSameTime) {
    HostPool pool(0);
    DelayingDevice device(pool, 6);
    std::atomic<bool> arrived = false;
    const DeviceEvent waiter = device.run(Stream::Compute, [&] {
        while (!arrived)
            std::this_thread::yield();
    });
    device.run(Stream::Copy, [&] { arrived = true; });
    device.hostWait(waiter);
}

TEST(DelayingDevice, DestructionRunsEverything) {
    HostPool pool(0);
    int ran = 0;
    {
        DelayingDevice device(pool, 8);
        DeviceEvent last;
        for (int i = 0; i < 50; ++i) {
            const Stream stream = i % 2 ? Stream::Copy : Stream::Compute;
            device.streamWait(stream, last);
            last = device.run(stream, [&] { ++ran; });
        }
    }
    EXPECT_EQ(ran, 50);
}

}  // namespace
}  // namespace gsst
