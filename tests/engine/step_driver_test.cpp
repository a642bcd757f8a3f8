// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine_fixture.h"

#include "io/twins/memory_files.h"

namespace gsst::test {
namespace {

FakeOptions options(UpdateRule rule, double bound) {
    FakeOptions chosen;
    chosen.placement.chunkElements = 16384;
    chosen.rule = rule;
    chosen.clip = fakeClipping(bound);
    return chosen;
}

/// Steps to `until`, committed; the root hash then.
std::string train(FakeRun& run, int until) {
    run.steps(until - int(run.driver().step()));
    EXPECT_EQ(run.store().committed().step, until);
    return run.store().committed().rootHashHex();
}

std::string reference(int steps, double bound, int64_t poisoned = -1) {
    const TensorTable table(tinyModel(true));
    auto files = makeMemoryFiles();
    HostPool pool(0);
    FakeOptions resident = options(UpdateRule::Deferred, bound);
    resident.placement = residentPlacement();
    FakeRun run(*files, "run", table, resident, std::make_unique<CpuDevice>(pool));
    run.create();
    run.open();
    run.math().poison(poisoned);
    return train(run, steps);
}

class Driver : public testing::TestWithParam<UpdateRule> {
protected:
    void SetUp() override { files = makeMemoryFiles(); }
    std::unique_ptr<FakeRun> open(double bound, bool create, const Placement* placement = nullptr) {
        FakeOptions chosen = options(GetParam(), bound);
        if (placement)
            chosen.placement = *placement;
        return open(chosen, create);
    }
    std::unique_ptr<FakeRun> open(const FakeOptions& chosen, bool create) {
        auto run = std::make_unique<FakeRun>(*files, "run", table, chosen, std::make_unique<CpuDevice>(pool));
        if (create)
            run->create();
        run->open();
        return run;
    }
    const TensorTable table{tinyModel(true)};
    std::unique_ptr<FileSystem> files;
    HostPool pool{0};
};

TEST_P(Driver, GuessesAreJudgedRight) {
    auto run = open(middleNorm(), true);
    EXPECT_EQ(train(*run, 6), reference(6, middleNorm()));
    EXPECT_GT(run->clipped, 0);
    EXPECT_LT(run->clipped, 6);
    const bool guesses = GetParam() == UpdateRule::Speculative || GetParam() == UpdateRule::Insured;
    EXPECT_EQ(run->wrongGuesses, guesses ? run->clipped : 0);
    EXPECT_EQ(run->store().committed().clippedCount, 6);
}

TEST_P(Driver, SkippedStepKeepsTheStateAndIsCounted) {
    auto run = open(middleNorm(), true);
    run->math().poison(3);
    EXPECT_EQ(train(*run, 5), reference(5, middleNorm(), 3));
    EXPECT_EQ(run->skipped, 1);
    EXPECT_EQ(run->store().committed().skippedSteps, 1u);
    EXPECT_EQ(run->store().committed().skippedInARow, 0);
}

/// A log is cut to what the record says when the run is resumed, so a step must not be on record before its line is in
/// the log.
TEST_P(Driver, ASkippedStepIsRecordedWithItsLine) {
    FakeOptions counting = options(GetParam(), 1e9);
    counting.countsLines = true;
    auto run = open(counting, true);
    run->math().poison(3);
    const std::string before = train(*run, 2);
    ASSERT_TRUE(run->step(true)) << run->lastError.text();
    EXPECT_EQ(run->store().committed().step, 2) << "its line is still to be written";
    ASSERT_TRUE(run->step(true)) << run->lastError.text();
    run.reset();  // no settle: as a kill right after the step
    auto again = open(1e9, false);
    EXPECT_EQ(again->driver().step(), 3);
    EXPECT_EQ(again->store().committed().rootHashHex(), before);
    EXPECT_EQ(again->store().committed().skippedInARow, 1);
    EXPECT_EQ(again->store().committed().metricsBytes, 3u);
}

TEST_P(Driver, ASkippedStepIsRecordedBeforeARest) {
    for (const bool givesUp : {false, true}) {
        files = makeMemoryFiles();
        auto run = open(1e9, true);
        run->math().poison(3);
        train(*run, 2);
        ASSERT_TRUE(run->step(true)) << run->lastError.text();
        if (givesUp)
            ASSERT_TRUE(run->driver().giveUp(Survives::FinishedSteps).ok());
        else
            ASSERT_TRUE(run->flush());
        EXPECT_EQ(run->driver().step(), 3);
        run.reset();
        auto again = open(1e9, false);
        EXPECT_EQ(again->driver().step(), 3);
    }
}

TEST_P(Driver, ResumesToTheSameBitsFromWhereverItWasCut) {
    const std::string whole = reference(6, middleNorm());
    for (int cut = 1; cut < 6; ++cut) {
        files = makeMemoryFiles();
        {
            auto run = open(middleNorm(), true);
            for (int i = 0; i < cut; ++i)
                ASSERT_TRUE(run->step(true)) << run->lastError.text();
        }
        auto again = open(middleNorm(), false);
        const int64_t from = again->driver().step();
        EXPECT_LE(from, cut);
        EXPECT_GE(from, cut - 2);
        EXPECT_EQ(train(*again, 6), whole) << cut;
    }
}

TEST_P(Driver, CopiesInMemoryAreNotBelievedAfterAWrongGuess) {
    Placement copies;
    copies.everywhere = {Tier::Device, Tier::Ram, Tier::Disk, Tier::Ram};
    copies.chunkElements = 16384;
    auto run = open(middleNorm(), true, &copies);
    EXPECT_EQ(train(*run, 6), reference(6, middleNorm()));
}

TEST_P(Driver, AStepGivenUpLosesNothingCommitted) {
    auto run = open(middleNorm(), true);
    ASSERT_TRUE(run->step(true));
    ASSERT_TRUE(run->step(true));
    std::stop_source stop;
    stop.request_stop();
    EXPECT_FALSE(run->step(true, stop.get_token()));
    EXPECT_EQ(run->lastError.code, ErrorCode::Cancelled);
    ASSERT_TRUE(run->driver().giveUp(Survives::FinishedSteps).ok());
    EXPECT_EQ(run->driver().step(), run->store().committed().step);
    ASSERT_TRUE(run->driver().load({}, {}).ok());
    EXPECT_EQ(train(*run, 6), reference(6, middleNorm()));
}

std::string nameOfCase(const testing::TestParamInfo<UpdateRule>& test) {
    const char* const names[] = {"deferred", "speculative", "insured", "adaptive"};
    return names[size_t(test.param)];
}

INSTANTIATE_TEST_SUITE_P(All, Driver,
                         testing::Values(UpdateRule::Deferred, UpdateRule::Speculative, UpdateRule::Insured,
                                         UpdateRule::Adaptive),
                         nameOfCase);

TEST(AdaptiveRule, InsuresACalmRunAndDefersOneThatClips) {
    const TensorTable table(tinyModel(false));
    for (double bound : {1e9, 1e-3}) {
        auto files = makeMemoryFiles();
        HostPool pool(0);
        FakeRun run(*files, "run", table, options(UpdateRule::Adaptive, bound), std::make_unique<CpuDevice>(pool));
        run.create();
        run.open();
        run.steps(14);
        EXPECT_EQ(run.wrongGuesses, 0);
        EXPECT_EQ(run.updates[BackwardUpdate::Insured], bound > 1 ? 6 : 0);
    }
}

}  // namespace
}  // namespace gsst::test
