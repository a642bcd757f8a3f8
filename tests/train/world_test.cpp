// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/engine/fake_collective.h"
#include "train/world.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace gsst::test {
namespace {

constexpr int kRanks = 3;

/// Ranks that are threads of this process.
class FakeRanks : public RankGroup {
public:
    FakeRanks(FakeRendezvous& place, int rank) : m_collective(place, rank) {}
    int rank() const override { return m_collective.rank(); }
    int ranks() const override { return m_collective.ranks(); }
    Status sum(std::span<float> values) override { return m_collective.sum(values); }
    Status share(int owner, std::span<std::byte> bytes) override { return m_collective.share(owner, bytes); }
    Result<std::vector<std::byte>> gather(Channel channel, std::span<const std::byte> mine) override {
        return m_collective.gather(channel, mine);
    }
    void callOff() override { m_aborted = true; }
    bool aborted() const override { return m_aborted; }
    Status meetAgain() override { return {}; }

private:
    FakeCollective m_collective;
    bool m_aborted = false;
};

struct Rank {
    std::unique_ptr<World> world;
    CommandInbox inbox;
    std::vector<std::string> log;

    std::optional<Command> next(CommitTimer timer = CommitTimer::Running) {
        const EventSink sink = [this](const Event& event) {
            if (const auto* line = std::get_if<LogLine>(&event))
                log.push_back(line->text);
        };
        const auto command = world->nextCommand(inbox, timer, sink);
        EXPECT_TRUE(command.ok()) << command.error().text();
        return command.ok() ? *command : std::nullopt;
    }
};

class WorldOfRanks : public testing::Test {
protected:
    WorldOfRanks() {
        for (int rank = 0; rank < kRanks; ++rank)
            ranks[size_t(rank)].world = makeWorldOfRanks({rank, kRanks, kRanks, "", 0, false, ""},
                                                         std::make_unique<FakeRanks>(m_rendezvous, rank));
    }
    /// All ranks at once.
    void together(const std::function<void(Rank&, int)>& work) {
        std::vector<std::jthread> threads;
        for (int rank = 0; rank < kRanks; ++rank)
            threads.emplace_back([&, rank] { work(ranks[size_t(rank)], rank); });
    }
    void expectAll(std::optional<Command> expected) {
        together([expected](Rank& rank, int number) { EXPECT_EQ(rank.next(), expected) << "rank " << number; });
    }

    std::array<Rank, kRanks> ranks;

private:
    FakeRendezvous m_rendezvous{kRanks};
};

TEST(WorldOfOne, TakesCommandsInTheirOrderAndOneAtATime) {
    Rank alone{makeWorldOfOne(), {}, {}};
    EXPECT_FALSE(alone.next());
    for (const Command command : {Command::SampleNow, Command::PauseNow, Command::Resume})
        alone.inbox.send(command);
    EXPECT_EQ(alone.next(), Command::SampleNow);
    EXPECT_EQ(alone.next(), Command::PauseNow);
    EXPECT_EQ(alone.inbox.poll(), Command::Resume) << "it is for the pause";
}

TEST(WorldOfOne, CommitsWhenTheTimerSaysSo) {
    Rank alone{makeWorldOfOne(), {}, {}};
    alone.inbox.send(Command::Stop);
    EXPECT_EQ(alone.next(CommitTimer::Due), Command::CommitNow);
    EXPECT_EQ(alone.next(), Command::Stop);
}

TEST(WorldOfOne, AStepStopsAtOnceForWhoWantsToPause) {
    Rank alone{makeWorldOfOne(), {}, {}};
    const std::stop_token token = alone.world->stepToken(alone.inbox);
    EXPECT_FALSE(token.stop_requested());
    alone.inbox.send(Command::PauseNow);
    EXPECT_TRUE(token.stop_requested());
    EXPECT_FALSE(alone.world->shortElsewhere());
}

TEST(WorldOfOne, PlansWithItsOwnMeansAsTheyAre) {
    const auto alone = makeWorldOfOne();
    PlanMeans own;
    own.limits.ramBytes = 5;
    const auto means = alone->commonMeans(own);
    ASSERT_TRUE(means.ok());
    EXPECT_EQ(means->budget.ramBytes, 0) << "no limit was asked for";
    EXPECT_EQ(means->limits.ramBytes, 5);
}

TEST_F(WorldOfRanks, ACommandToOneIsForAllAtTheSameStep) {
    ranks[1].inbox.send(Command::SampleNow);
    expectAll(Command::SampleNow);
    ranks[2].inbox.send(Command::CommitNow);
    expectAll(Command::CommitNow);
    expectAll(std::nullopt);
    for (const Command pause : {Command::PauseNow, Command::PauseAfterStep, Command::Stop}) {
        ranks[0].inbox.send(pause);
        expectAll(Command::Stop);
    }
    ranks[1].inbox.quit();
    expectAll(Command::Stop);
}

TEST_F(WorldOfRanks, TellsWhoseWishItWasNot) {
    ranks[1].inbox.send(Command::Stop);
    expectAll(Command::Stop);
    EXPECT_EQ(ranks[0].log, std::vector<std::string>{"Another rank was asked to stop"});
    EXPECT_TRUE(ranks[1].log.empty());
}

TEST_F(WorldOfRanks, StopComesBeforeAllElse) {
    ranks[0].inbox.send(Command::CommitNow);
    ranks[1].inbox.send(Command::SampleNow);
    ranks[2].inbox.send(Command::Stop);
    expectAll(Command::Stop);
}

TEST_F(WorldOfRanks, OneTimerCommitsOnAll) {
    together([](Rank& rank, int number) {
        EXPECT_EQ(rank.next(number == 1 ? CommitTimer::Due : CommitTimer::Running), Command::CommitNow);
    });
}

TEST_F(WorldOfRanks, NoneStopsAStepForWhichOthersWait) {
    const std::stop_token token = ranks[0].world->stepToken(ranks[0].inbox);
    ranks[0].inbox.send(Command::PauseNow);
    ranks[0].inbox.quit();
    EXPECT_FALSE(token.stop_requested());
}

TEST_F(WorldOfRanks, PlanWithTheLeastAndTheSlowest) {
    std::array<PlanMeans, kRanks> own;
    for (size_t rank = 0; rank < kRanks; ++rank) {
        own[rank].hardware.compute = {3e9, 3e9, 3e9, 3e9, 3e9, 3e9};
        own[rank].limits.ramBytes = 400;
    }
    own[0].budget.deviceBytes = 200;
    own[1].budget.deviceBytes = 100;
    own[1].hardware.compute.headFlops = 1e9;
    own[1].hardware.secondsPerOp = 7;
    own[2].budget.ramBytes = 300;
    own[2].budget.residency = ResidencyChoice::Disk;
    std::array<PlanMeans, kRanks> common;
    together([&](Rank& rank, int number) {
        const auto means = rank.world->commonMeans(own[size_t(number)]);
        ASSERT_TRUE(means.ok());
        common[size_t(number)] = *means;
    });
    for (const PlanMeans& means : common) {
        EXPECT_EQ(means.budget.deviceBytes, 100);
        EXPECT_EQ(means.budget.ramBytes, 300);
        EXPECT_EQ(means.budget.residency, ResidencyChoice::Disk);
        EXPECT_EQ(means.hardware.compute.forwardFlops, 3e9);
        EXPECT_EQ(means.hardware.compute.headFlops, 1e9);
        EXPECT_EQ(means.hardware.secondsPerOp, 7);
    }
}

TEST_F(WorldOfRanks, KnowsWhenAnotherOneIsShort) {
    FakeRendezvous two(2);
    auto group = std::make_unique<FakeRanks>(two, 0);
    RankGroup& calls = *group;
    const auto world = makeWorldOfRanks({0, 2, 2, "", 0, false, ""}, std::move(group));
    EXPECT_FALSE(world->shortElsewhere());
    calls.callOff();
    EXPECT_TRUE(world->shortElsewhere());
}

}  // namespace
}  // namespace gsst::test
