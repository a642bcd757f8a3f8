// SPDX-License-Identifier: GPL-3.0-or-later
// Memory that runs out on one of two ranks: both go on with less, to the bits of two that had the smaller micro-batch
// from there on. The ranks are threads of this process, over the connections that processes have; rank 0 keeps the
// meeting point.
#include "replan_fixture.h"

#include "ranks/ranks.h"

#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <array>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <future>
#include <thread>

namespace gsst::test {
namespace {

constexpr int kRanks = 2;

/// A port that was free a moment ago.
int freePort() {
    c10d::TCPStoreOptions options;
    options.port = 0;
    options.isServer = true;
    options.waitWorkers = false;
    return c10::make_intrusive<c10d::TCPStore>("127.0.0.1", options)->getPort();
}

/// A computer that breaks down in the middle of the training.
struct Death : std::exception {};

class RankReplanning : public Replanning {
protected:
    using Listeners = std::array<Listener, kRanks>;
    using Both = std::array<Told, kRanks>;
    void SetUp() override {
        ProcessRank alone{0, 1, 1, "127.0.0.1", freePort(), false, ""};
        const auto ranks = connectRanks(alone, {}, {}, {});
        if (!ranks.ok() && ranks.error().code == ErrorCode::InvalidInput)
            GTEST_SKIP() << ranks.error().text();
    }
    void TearDown() override {
        for (const char* name : {"WORLD_SIZE", "LOCAL_WORLD_SIZE", "RANK", "MASTER_ADDR", "MASTER_PORT"})
            ::unsetenv(name);
    }

    using Opening = std::function<Result<std::unique_ptr<PreparedRun>>(int rank, const EventSink&)>;

    static std::filesystem::path folderOf(const std::filesystem::path& run, int rank) {
        return run.string() + "-rank" + std::to_string(rank);
    }

    RunRequest askedFor(const std::string& name, const Case& which) const {
        RunRequest asked = request(name, which);
        asked.spec.training.threads = 1;
        return asked;
    }
    Both trainNew(const RunRequest& asked, const Listeners& listeners = {}) {
        return trainNew({asked, asked}, listeners);
    }
    Both trainNew(const std::array<RunRequest, kRanks>& asked, const Listeners& listeners) {
        return together(
            [&](int rank, const EventSink& sink) {
                return prepareNewRun(osFileSystem(), asked[size_t(rank)], sink, {});
            },
            listeners);
    }
    Both trainOn(const std::filesystem::path& run) {
        return together(
            [&](int rank, const EventSink& sink) {
                return openExistingRun(osFileSystem(), folderOf(run, rank), {kSteps}, sink);
            },
            {});
    }
    /// On these ranks there is no more than this after that step.
    Listeners dropAfter(int64_t step, const std::vector<int>& ranks, int64_t bytes) {
        Listeners listeners;
        for (const int rank : ranks)
            listeners[size_t(rank)] =
                after(step, [this, rank, bytes](CommandInbox&) { memories[size_t(rank)].seize(bytes); });
        return listeners;
    }
    /// The same, of what the plan takes.
    Listeners dropAfter(int64_t step, const std::vector<int>& ranks, double share) {
        Listeners listeners;
        for (const int rank : ranks)
            listeners[size_t(rank)] = [this, rank, step, share, peak = int64_t{0},
                                       done = false](const Event& event, CommandInbox&) mutable {
                if (const auto* plan = std::get_if<Planned>(&event); plan && peak == 0)
                    peak = plan->devicePeakBytes;
                const auto* finished = std::get_if<StepDone>(&event);
                if (finished && finished->step == step && !std::exchange(done, true))
                    memories[size_t(rank)].seize(int64_t(share * double(peak)));
            };
        return listeners;
    }
    /// Two ranks with enough memory whose micro-batch was `microBatch` from `firstStep` on.
    Both expected(const RunRequest& like, int64_t firstStep, int64_t microBatch) {
        for (ScarceMemory& each : memories)
            each.limitTo(ScarceMemory::kPlenty);
        RunRequest asked = like;
        asked.runFolder = folder.path / "reference";
        asked.spec.training.steps = firstStep - 1;
        Both before = trainNew(asked);
        for (int rank = 0; rank < kRanks; ++rank) {
            RunRecord record = recordOf(folderOf(asked.runFolder, rank));
            record.spec.training.microBatch = microBatch;
            EXPECT_TRUE(writeRunRecord(osFileSystem(), {folderOf(asked.runFolder, rank)}, record).ok());
        }
        Both rest = trainOn(asked.runFolder);
        for (size_t rank = 0; rank < kRanks; ++rank) {
            EXPECT_TRUE(before[rank].status.ok()) << before[rank].status.error().text();
            EXPECT_TRUE(rest[rank].status.ok()) << rest[rank].status.error().text();
            rest[rank].losses.insert(before[rank].losses.begin(), before[rank].losses.end());
        }
        return rest;
    }
    std::string weightsOf(const std::filesystem::path& run, int rank) const {
        const auto result = verifyRun(folderOf(run, rank), {}, {});
        EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().text());
        return result.ok() ? result->weightsHash : "";
    }

    std::array<ScarceMemory, kRanks> memories;

private:
    /// Both read their place when they begin to open the run; they then wait for each other and say so.
    Both together(const Opening& opening, const Listeners& listeners) {
        Both told;
        std::vector<std::jthread> threads;
        const std::string port = std::to_string(freePort());
        ::setenv("WORLD_SIZE", "2", 1);
        ::setenv("LOCAL_WORLD_SIZE", "2", 1);
        ::setenv("MASTER_ADDR", "127.0.0.1", 1);
        ::setenv("MASTER_PORT", port.c_str(), 1);
        for (int rank = 0; rank < kRanks; ++rank) {
            ::setenv("RANK", std::to_string(rank).c_str(), 1);
            auto waits = std::make_shared<std::promise<void>>();
            std::future<void> placed = waits->get_future();
            threads.emplace_back([&, rank, waits] {
                const EventSink sink = [&](const Event& event) {
                    if (const auto* line = std::get_if<LogLine>(&event);
                        line && line->text.find("waits for the others") != std::string::npos)
                        waits->set_value();
                };
                told[size_t(rank)] = runRank(rank, opening, sink, listeners[size_t(rank)]);
            });
            EXPECT_EQ(placed.wait_for(std::chrono::seconds(60)), std::future_status::ready) << "rank " << rank;
        }
        threads.clear();
        return told;
    }
    Told runRank(int rank, const Opening& opening, const EventSink& sink, const Listener& listener) {
        Told told;
        auto run = opening(rank, sink);
        if (!run.ok()) {
            told.status = run.error();
            return told;
        }
        (*run)->backend = memories[size_t(rank)].backend();
        try {
            told = train(**run, listener);
        } catch (const Death&) { told.status = Error{ErrorCode::Internal, "died", "", "", ""}; }
        return told;
    }
};

struct Shortages {
    Case run;
    std::vector<int> ranks;
};

std::ostream& operator<<(std::ostream& out, const Shortages& which) {
    return out << which.run;
}

class ShortRanks : public RankReplanning, public testing::WithParamInterface<Shortages> {};

TEST_P(ShortRanks, BothGoOnAsTwoThatHadTheSmallerMicroBatchFromThereOn) {
    const auto& [which, ranks] = GetParam();
    const RunRequest asked = askedFor("run", which);
    const Both told = trainNew(asked, dropAfter(2, ranks, which.share));
    std::vector<RunRecord> records;
    for (size_t rank = 0; rank < kRanks; ++rank) {
        ASSERT_TRUE(told[rank].status.ok()) << rank << ": " << told[rank].status.error().text();
        records.push_back(recordOf(folderOf(asked.runFolder, int(rank))));
        ASSERT_EQ(records[rank].replans.size(), 1u);
        EXPECT_EQ(told[rank].losses.size(), size_t(kSteps));
        ASSERT_EQ(told[rank].warnings.size(), 1u);
        const std::string who = ranks.size() == 1 ? "Rank " + std::to_string(ranks[0]) + " is out of device memory"
                                                  : " is out of device memory";
        for (const std::string& part : {who, std::string("All ranks go on"), std::string("instead of 4 sequences")})
            EXPECT_NE(told[rank].warnings[0].find(part), std::string::npos) << part << " in " << told[rank].warnings[0];
        ASSERT_EQ(told[rank].plans.size(), 2u);
        EXPECT_EQ(told[rank].plans[1].cause, PlanCause::OutOfMemory);
    }
    for (const int rank : ranks)
        EXPECT_GT(memories[size_t(rank)].refusals, 0);
    EXPECT_EQ(records[0].replans, records[1].replans);
    EXPECT_EQ(told[0].losses, told[1].losses);
    const Replan replan = records[0].replans[0];
    EXPECT_LT(replan.microBatch, 4);
    ASSERT_GE(replan.firstStep, which.residency == kResident ? 3 : 2) << "state in RAM that is whole is kept";
    EXPECT_LE(replan.firstStep, 3);
    const Both reference = expected(asked, replan.firstStep, replan.microBatch);
    for (int rank = 0; rank < kRanks; ++rank) {
        EXPECT_EQ(told[size_t(rank)].losses, reference[size_t(rank)].losses);
        EXPECT_EQ(rootOf(folderOf(asked.runFolder, rank)), rootOf(folderOf(folder.path / "reference", rank)));
        EXPECT_EQ(weightsOf(asked.runFolder, rank), weightsOf(folder.path / "reference", 0));
    }
    const RunRequest plain = askedFor("plain", which);
    ASSERT_TRUE(trainNew(plain)[0].status.ok());
    EXPECT_NE(weightsOf(plain.runFolder, 0), weightsOf(asked.runFolder, 0))
        << "the micro-batch decides the order of sums, else nothing was tested";
}

INSTANTIATE_TEST_SUITE_P(
    All, ShortRanks,
    testing::Values(Shortages{{"DeferredRank1", kDisk, UpdateChoice::Deferred, ClipKind::Global, 0.66}, {1}},
                    Shortages{{"DeferredRank0", kDisk, UpdateChoice::Deferred, ClipKind::Global, 0.66}, {0}},
                    Shortages{{"SpeculativeBoth", kDisk, UpdateChoice::Speculative, ClipKind::PreviousNorm, 0.66},
                              {0, 1}},
                    Shortages{{"ResidentRank1", kResident, UpdateChoice::Auto, ClipKind::Global, 0.97}, {1}},
                    Shortages{{"ResidentRank0", kResident, UpdateChoice::Auto, ClipKind::Global, 0.66}, {0}},
                    Shortages{{"ResidentBoth", kResident, UpdateChoice::Auto, ClipKind::Global, 0.66}, {0, 1}}),
    [](const auto& parameters) { return parameters.param.run.name; });

TEST_F(RankReplanning, WhatOneWantsOfItsMemoryHoldsForTheNextPlanToo) {
    std::array asked{askedFor("run", kInRam), askedFor("run", kOnDisk)};
    asked[0].spec.budget.residency = ResidencyChoice::Auto;
    for (const Told& each : trainNew(asked, dropAfter(2, {0}, 0.66))) {
        ASSERT_TRUE(each.status.ok()) << each.status.error().text();
        ASSERT_EQ(each.plans.size(), 2u);
        EXPECT_TRUE(each.plans[1].streamed);
    }
    EXPECT_EQ(weightsOf(asked[0].runFolder, 0), weightsOf(asked[0].runFolder, 1));
}

TEST_F(RankReplanning, TheLastEvaluationIsWaitedFor) {
    RunRequest asked = askedFor("run", kOnDisk);
    asked.spec.budget.gradients = GradientChoice::Disk;  // else the device also holds gradients during the evaluation
    asked.spec.training.evaluateEvery = kSteps;
    const int64_t least = smallestDeviceLimit(asked.spec, TensorTable(asked.spec.model));
    const Both told = trainNew(asked, dropAfter(kSteps, {1}, int64_t(1.35 * double(least))));
    for (const Told& each : told) {
        ASSERT_TRUE(each.status.ok()) << each.status.error().text();
        EXPECT_EQ(each.validations.count(kSteps), 1u);
        EXPECT_EQ(each.plans.back().cause, PlanCause::OutOfMemory);
        EXPECT_EQ(each.plans.back().firstStep, kSteps);
    }
    EXPECT_NEAR(told[0].validations.at(kSteps), told[1].validations.at(kSteps), 1e-5)
        << "that of rank 0 was done before";
}

TEST_F(RankReplanning, WithoutASmallerPlanBothEndAndTheLastCommitIsWhole) {
    RunRequest asked = askedFor("run", kInRam);
    asked.spec.budget.gradients =
        GradientChoice::Disk;  // what a step that is given up leaves on the device would help the next plan
    const Both told = trainNew(asked, dropAfter(2, {1}, int64_t{20'000}));
    for (int rank = 0; rank < kRanks; ++rank) {
        const Status& status = told[size_t(rank)].status;
        ASSERT_FALSE(status.ok());
        EXPECT_EQ(status.error().code, ErrorCode::OutOfMemory);
        EXPECT_NE(status.error().text().find("no smaller plan is left"), std::string::npos) << status.error().text();
        EXPECT_FALSE(rootOf(folderOf(asked.runFolder, rank)).empty());
    }
    EXPECT_EQ(told[0].status.error().why, told[1].status.error().why);
    EXPECT_EQ(recordOf(folderOf(asked.runFolder, 0)).replans, recordOf(folderOf(asked.runFolder, 1)).replans);
    memories[1].limitTo(ScarceMemory::kPlenty);
    for (const Told& each : trainOn(asked.runFolder)) {
        ASSERT_TRUE(each.status.ok()) << each.status.error().text();
        EXPECT_EQ(each.steps.front().step, 3) << "what was whole is kept";
    }
    EXPECT_EQ(weightsOf(asked.runFolder, 0), weightsOf(asked.runFolder, 1));
}

TEST_F(RankReplanning, ARankThatEndsIsLostAsBefore) {
    const RunRequest asked = askedFor("run", kOnDisk);
    std::chrono::steady_clock::time_point died;
    Listeners listeners;
    listeners[1] = after(3, [&](CommandInbox&) {
        died = std::chrono::steady_clock::now();
        throw Death();
    });
    const Both told = trainNew(asked, listeners);
    EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - died).count(), 120.0)
        << "a rank that ends is noticed; one that only does not answer is waited for half an hour";
    ASSERT_FALSE(told[0].status.ok());
    EXPECT_EQ(told[0].status.error().code, ErrorCode::Io);
    EXPECT_EQ(told[0].status.error().what, "Another rank of the training was lost");
    EXPECT_EQ(told[0].status.error().where, "rank 1");
    EXPECT_EQ(told[0].plans.size(), 1u);
    for (const Told& each : trainOn(asked.runFolder))
        EXPECT_TRUE(each.status.ok()) << each.status.error().text();
    EXPECT_EQ(weightsOf(asked.runFolder, 0), weightsOf(asked.runFolder, 1));
}

/// Rank 0 was killed after rank 1 had written down the new plan, and before it did so itself.
TEST_F(RankReplanning, WhoMissedAChangeOfPlanHearsOfItFromTheOthers) {
    RunRequest asked = askedFor("run", kOnDisk);
    asked.spec.training.steps = 3;
    ASSERT_TRUE(trainNew(asked)[0].status.ok());
    RunRecord newer = recordOf(folderOf(asked.runFolder, 1));
    newer.replans = {{4, 2, 4, {}}};
    newer.spec.training.microBatch = 2;
    ASSERT_TRUE(writeRunRecord(osFileSystem(), {folderOf(asked.runFolder, 1)}, newer).ok());
    for (const Told& each : trainOn(asked.runFolder))
        ASSERT_TRUE(each.status.ok()) << each.status.error().text();
    for (int rank = 0; rank < kRanks; ++rank) {
        EXPECT_EQ(recordOf(folderOf(asked.runFolder, rank)).replans, newer.replans);
        EXPECT_EQ(recordOf(folderOf(asked.runFolder, rank)).spec.training.microBatch, 2);
    }
    EXPECT_EQ(weightsOf(asked.runFolder, 0), weightsOf(asked.runFolder, 1));
}

}  // namespace
}  // namespace gsst::test
