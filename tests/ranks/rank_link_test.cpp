// SPDX-License-Identifier: GPL-3.0-or-later
// Two ranks, as threads of this process, over the connections that processes have.
#include "device/cuda_device.h"
#include "ranks/ranks.h"

#include <gtest/gtest.h>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace gsst::test {
namespace {

constexpr std::chrono::seconds kTimeout{30};

/// The computer's clock, which counts how often somebody waits for signs of life. Any thread.
class CountingClock final : public Clock {
public:
    Duration now() const override { return systemClock().now(); }
    void sleepUntil(Duration time) override {
        // What is done more often takes a fraction of a second.
        m_livenessChecks += time - now() > std::chrono::seconds(1) ? 1 : 0;
        systemClock().sleepUntil(time);
    }
    bool waitFor(std::condition_variable& changed, std::unique_lock<std::mutex>& lock, Duration duration,
                 const std::function<bool()>& ready) override {
        return systemClock().waitFor(changed, lock, duration, ready);
    }
    int livenessChecks() const { return m_livenessChecks; }

private:
    std::atomic<int> m_livenessChecks = 0;
};

/// A meeting point as torchrun keeps it, at a port that is free.
class Meeting {
public:
    Meeting() {
        c10d::TCPStoreOptions options;
        options.port = 0;
        options.isServer = true;
        options.waitWorkers = false;
        m_store = c10::make_intrusive<c10d::TCPStore>("127.0.0.1", options);
    }
    ProcessRank place(int rank, int ranks = 2) const {
        ProcessRank place;
        place.rank = rank;
        place.ranks = place.ranksHere = ranks;
        place.masterAddress = "127.0.0.1";
        place.masterPort = m_store->getPort();
        place.masterIsThere = true;
        return place;
    }

private:
    c10::intrusive_ptr<c10d::TCPStore> m_store;
};

/// One rank and its gradients, which are on a card if it has one.
class Rank {
public:
    Status connect(const ProcessRank& place, DeviceKind device) {
        if (device == DeviceKind::Cuda) {
            GSST_ASSIGN(m_card, CudaDevice::create(place.rank, 0));
        }
        const RankTimeouts timeouts{kTimeout, kTimeout, &m_clock};
        GSST_ASSIGN(m_ranks, connectRanks(place, {device, place.rank}, timeouts, {}));
        return {};
    }
    RankGroup& ranks() { return *m_ranks; }
    int livenessChecks() const { return m_clock.livenessChecks(); }
    /// As the end of its process.
    void leave() { m_ranks.reset(); }

    Status sum(std::vector<float>& values) {
        return onDevice(std::as_writable_bytes(std::span(values)), [&](std::span<std::byte> bytes) {
            return m_ranks->sum({reinterpret_cast<float*>(bytes.data()), bytes.size() / sizeof(float)});
        });
    }
    Status share(int owner, std::vector<std::byte>& bytes) { return m_ranks->share(owner, bytes); }

private:
    template <typename Work>
    Status onDevice(std::span<std::byte> bytes, const Work& work) {
        if (!m_card)
            return work(bytes);
        GSST_ASSIGN(DeviceBuffer buffer, m_card->allocate(int64_t(bytes.size())));
        m_card->hostWait(m_card->copyIn(Stream::Compute, buffer.data(), bytes));
        GSST_TRY(work(std::span(buffer.data(), bytes.size())));
        m_card->hostWait(m_card->copyOut(Stream::Compute, bytes, buffer.data()));
        return m_card->status();
    }

    CountingClock m_clock;
    std::unique_ptr<CudaDevice> m_card;
    std::unique_ptr<RankGroup> m_ranks;
};

class RankLink : public testing::TestWithParam<DeviceKind> {
protected:
    void SetUp() override {
        if (GetParam() == DeviceKind::Cuda && cudaDevices().size() < 2)
            GTEST_SKIP() << "this machine has fewer than two CUDA cards: NCCL is linked, but not tried";
        both(
            [this](int number) { statuses[size_t(number)] = rank(number).connect(meeting.place(number), GetParam()); });
        for (const Status& status : statuses) {
            if (!status.ok() && status.error().text().find("without") != std::string::npos)
                GTEST_SKIP() << status.error().text();
            ASSERT_TRUE(status.ok()) << status.error().text();
        }
    }
    void TearDown() override {
        both([this](int number) { rank(number).leave(); });
    }

    template <typename Work>
    void both(const Work& work) {
        std::thread other([&] { work(1); });
        work(0);
        other.join();
    }
    Rank& rank(int number) { return m_ranks[size_t(number)]; }

    Meeting meeting;
    std::array<Status, 2> statuses;

private:
    std::array<Rank, 2> m_ranks;
};
INSTANTIATE_TEST_SUITE_P(Devices, RankLink, testing::Values(DeviceKind::Cpu, DeviceKind::Cuda), [](const auto& each) {
    return each.param == DeviceKind::Cpu ? std::string("Gloo") : std::string("Nccl");
});

TEST_P(RankLink, SumIsTheOneRoundedSum) {
    for (const size_t count : {size_t{1}, size_t{1000}, size_t{3'000'001}}) {
        std::array<std::vector<float>, 2> values;
        for (size_t i = 0; i < count; ++i) {
            values[0].push_back(1.0f / float(i + 1));
            values[1].push_back(float(i % 7) * 1e-3f);
        }
        std::vector<float> expected;
        for (size_t i = 0; i < count; ++i)
            expected.push_back(values[0][i] + values[1][i]);
        both([&](int number) { statuses[size_t(number)] = rank(number).sum(values[size_t(number)]); });
        for (const size_t number : {size_t{0}, size_t{1}}) {
            EXPECT_TRUE(statuses[number].ok()) << statuses[number].error().text();
            EXPECT_TRUE(values[number] == expected) << count << " values, rank " << number;
        }
    }
}

TEST_P(RankLink, ShareGivesAllWhatTheOwnerHas) {
    for (const int owner : {1, 0}) {
        std::array<std::vector<std::byte>, 2> bytes;
        for (const size_t number : {size_t{0}, size_t{1}})
            for (size_t i = 0; i < 70'001; ++i)
                bytes[number].push_back(std::byte(i * (number + 3)));
        const std::vector<std::byte> expected = bytes[size_t(owner)];
        ASSERT_NE(bytes[0], bytes[1]);
        both([&](int number) { statuses[size_t(number)] = rank(number).share(owner, bytes[size_t(number)]); });
        for (const size_t number : {size_t{0}, size_t{1}}) {
            EXPECT_TRUE(statuses[number].ok()) << statuses[number].error().text();
            EXPECT_TRUE(bytes[number] == expected) << "of rank " << owner << " on rank " << number;
        }
    }
}

TEST_P(RankLink, GatherIsInTheOrderOfTheRanks) {
    for (const Channel channel : {Channel::Steps, Channel::Commit})
        both([&](int number) {
            const std::array mine{std::byte(10 + number), std::byte(20 + number)};
            const auto all = rank(number).ranks().gather(channel, mine);
            ASSERT_TRUE(all.ok()) << all.error().text();
            EXPECT_EQ(*all, (std::vector{std::byte{10}, std::byte{20}, std::byte{11}, std::byte{21}}));
        });
}

TEST_P(RankLink, AfterALossNothingSucceeds) {
    rank(1).leave();
    std::vector<float> values(100, 1.0f);
    const Status lost = rank(0).sum(values);
    ASSERT_FALSE(lost.ok());
    EXPECT_EQ(lost.error().where, "rank 1") << lost.error().text();
    EXPECT_NE(lost.error().text().find("gsst resume"), std::string::npos) << lost.error().text();
    EXPECT_EQ(rank(0).livenessChecks(), 1);
    const auto later = rank(0).ranks().gather(Channel::Steps, {});
    ASSERT_FALSE(later.ok());
    EXPECT_EQ(later.error().text(), lost.error().text());
    EXPECT_EQ(rank(0).livenessChecks(), 1) << "who is alive is asked once";
}

Status hear(RankGroup& ranks, Channel channel) {
    const std::array mine{std::byte{1}};
    GSST_TRY(ranks.gather(channel, mine));
    return {};
}

TEST_P(RankLink, WhatOneCallsOffAllBeginAgain) {
    for (const int caller : {1, 0, 1}) {
        both([&](int number) {
            RankGroup& ranks = rank(number).ranks();
            if (number == caller)
                ranks.callOff();
            std::vector<float> values(100, 1.0f);
            const Status off = number == caller ? rank(number).sum(values) : hear(ranks, Channel::Commit);
            ASSERT_FALSE(off.ok());
            EXPECT_EQ(off.error().code, ErrorCode::OutOfMemory) << off.error().text();
            EXPECT_TRUE(ranks.aborted());
            EXPECT_EQ(rank(number).sum(values).error().code, ErrorCode::OutOfMemory) << "on every channel";
            statuses[size_t(number)] = ranks.meetAgain();
            ASSERT_TRUE(statuses[size_t(number)].ok()) << statuses[size_t(number)].error().text();
            EXPECT_FALSE(ranks.aborted());
            const Status sum = rank(number).sum(values);
            EXPECT_TRUE(sum.ok()) << sum.error().text();
            EXPECT_EQ(values, std::vector<float>(100, 2.0f));
            EXPECT_EQ(rank(number).livenessChecks(), 0) << "all know that nobody is lost";
        });
        if (HasFailure())
            return;
    }
}

TEST_P(RankLink, BothMayCallOff) {
    both([this](int number) {
        rank(number).ranks().callOff();
        statuses[size_t(number)] = rank(number).ranks().meetAgain();
        ASSERT_TRUE(statuses[size_t(number)].ok()) << statuses[size_t(number)].error().text();
        EXPECT_TRUE(hear(rank(number).ranks(), Channel::Steps).ok());
    });
}

TEST_P(RankLink, WhoEndsInsteadOfMeetingAgainIsLost) {
    rank(0).ranks().callOff();
    rank(1).leave();
    const Stopwatch watch;
    const Status lost = rank(0).ranks().meetAgain();
    ASSERT_FALSE(lost.ok());
    EXPECT_EQ(lost.error().code, ErrorCode::Io);
    EXPECT_EQ(lost.error().where, "rank 1") << lost.error().text();
    EXPECT_LT(watch.seconds(), double(kTimeout.count())) << "that is noticed, not waited for";
    EXPECT_FALSE(rank(0).ranks().aborted());
    EXPECT_EQ(rank(0).ranks().gather(Channel::Steps, {}).error().text(), lost.error().text());
}

/// The third hears of it only when the second, in the middle of the same sum, leaves that too.
TEST(RankLinkOfThree, WhatOneCallsOffAllBeginAgain) {
    const Meeting meeting;
    std::array<Rank, 3> ranks;
    const auto all = [&](const auto& work) {
        std::vector<std::jthread> threads;
        for (int number = 0; number < 3; ++number)
            threads.emplace_back([&, number] { work(number, ranks[size_t(number)]); });
    };
    std::array<Status, 3> met;
    all([&](int number, Rank& rank) { met[size_t(number)] = rank.connect(meeting.place(number, 3), DeviceKind::Cpu); });
    for (const Status& status : met) {
        if (!status.ok() && status.error().text().find("without") != std::string::npos)
            GTEST_SKIP() << status.error().text();
        ASSERT_TRUE(status.ok()) << status.error().text();
    }
    all([&](int number, Rank& rank) {
        std::vector<float> values(1000, 1.0f);
        if (number == 1)
            rank.ranks().callOff();
        const Status off = rank.sum(values);
        ASSERT_FALSE(off.ok());
        EXPECT_EQ(off.error().code, ErrorCode::OutOfMemory) << off.error().text();
        met[size_t(number)] = rank.ranks().meetAgain();
        ASSERT_TRUE(met[size_t(number)].ok()) << met[size_t(number)].error().text();
        values.assign(1000, 1.0f);
        EXPECT_TRUE(rank.sum(values).ok());
        EXPECT_EQ(values, std::vector<float>(1000, 3.0f));
    });
    all([](int, Rank& rank) { rank.leave(); });
}

TEST(RankLinkNccl, WithoutItsCardARankDoesNotWaitForOthers) {
    const Meeting meeting;
    const RankTimeouts little{std::chrono::seconds(2), std::chrono::seconds(2)};
    const auto ranks = connectRanks(meeting.place(0), {DeviceKind::Cuda, 1000}, little, {});
    ASSERT_FALSE(ranks.ok());
    EXPECT_EQ(ranks.error().code, ErrorCode::InvalidInput);
    if (ranks.error().text().find("Gloo") == std::string::npos) {
        EXPECT_NE(ranks.error().text().find("processor"), std::string::npos) << ranks.error().text();
    }
}

}  // namespace
}  // namespace gsst::test
