// SPDX-License-Identifier: GPL-3.0-or-later
// What is not finite or far from the rest never takes effect, and all placements and interruptions agree on what that
// is.
#include "engine_fixture.h"

#include "io/twins/memory_files.h"
#include "train/outlier_watch.h"

#include <iterator>
#include <numeric>
#include <set>

namespace gsst::test {
namespace {

/// Where the state is and when it is updated.
struct Case {
    Way way;
    StatePreset preset;
};

std::vector<Case> cases(const std::vector<StatePreset>& presets) {
    std::vector<Case> all;
    for (const Way& way : {Way{"deferred", UpdateRule::Deferred}, Way{"speculative", UpdateRule::Speculative},
                           Way{"insured", UpdateRule::Insured}, Way{"adaptive", UpdateRule::Adaptive},
                           Way{"inRam", UpdateRule::Deferred, true}})
        for (StatePreset preset : presets)
            all.push_back({way, preset});
    return all;
}

std::string nameOfCase(const testing::TestParamInfo<Case>& test) {
    return test.param.way.name + "_" + nameOf(test.param.preset);
}

ModelSpec smallModel() {
    return modelOf(Family::Gpt2, {.width = 16, .ffnWidth = 32, .vocabulary = 64, .context = 16});
}

constexpr double kSmallBound = 0.085;  ///< as middleNorm(), of the small model

/// What the tests look at: the same wherever the state is.
struct Ending {
    int64_t step = 0;
    std::string root;
    uint64_t skippedSteps = 0;
    uint64_t clippedMask = 0;
    RecentSteps recent;
    bool operator==(const Ending&) const = default;
};

class StepSafety : public testing::TestWithParam<Case> {
protected:
    explicit StepSafety(const ModelSpec& model = tinyModel(true), double clippedAt = middleNorm())
        : table(model), bound(clippedAt) {}
    using Prepare = std::function<void(FakeSliceMath&)>;

    FakeOptions options(const Way& way) const {
        FakeOptions chosen = optionsOf(way);
        chosen.clip = fakeClipping(bound);
        chosen.clip.largestNorm = largestNorm;
        chosen.preset = GetParam().preset;
        if (watching)
            chosen.judge = OutlierWatch(recipe);
        return chosen;
    }
    void create() {
        files = makeMemoryFiles();
        FakeRun run(*files, "run", table, options(GetParam().way), std::make_unique<CpuDevice>(pool));
        run.create();
    }
    std::unique_ptr<FakeRun> open(const Way& way) {
        auto run = std::make_unique<FakeRun>(*files, "run", table, options(way), std::make_unique<CpuDevice>(pool));
        run->open();
        if (prepare)
            prepare(run->math());
        return run;
    }
    static Ending endOf(FakeRun& run, int until) {
        run.steps(until - int(run.driver().step()));
        const CommitRecord& record = run.store().committed();
        return {record.step, record.rootHashHex(), record.skippedSteps, record.clippedMask, record.recent};
    }
    /// Everything in memory, without interruption.
    Ending reference(int until) {
        create();
        return endOf(*open({"reference", UpdateRule::Deferred, true}), until);
    }

    const TensorTable table;
    double bound;
    std::unique_ptr<FileSystem> files;
    HostPool pool{0};
    Prepare prepare;
    TrainSpec recipe;
    bool watching = false;
    double largestNorm = std::numeric_limits<double>::infinity();
};

TEST_P(StepSafety, AGradientThatIsNotANumberIsSkipped) {
    prepare = [](FakeSliceMath& math) { math.poisonGradient(3); };
    const Ending expected = reference(5);
    EXPECT_EQ(expected.skippedSteps, 1u);
    create();
    auto run = open(GetParam().way);
    EXPECT_EQ(endOf(*run, 5), expected);
    EXPECT_EQ(run->verdicts[2].fault, StepFault::NotFinite);
    EXPECT_TRUE(std::isfinite(run->losses[2]));
}

TEST_P(StepSafety, AGradientTooLargeForTheUpdateIsSkipped) {
    prepare = [](FakeSliceMath& math) { math.spike({4}); };
    largestNorm = 1.01 * middleNorm();
    const Ending clipped = reference(6);
    EXPECT_EQ(clipped.skippedSteps, 0u) << "clipping makes it small enough";
    EXPECT_NE(clipped.clippedMask, 0u);
    largestNorm = 0.99 * middleNorm();
    const Ending expected = reference(6);
    EXPECT_GT(expected.skippedSteps, 0u);
    EXPECT_LT(expected.skippedSteps, 6u);
    EXPECT_EQ(expected.clippedMask, 0u) << "what was to be clipped to the bound was too large";
    create();
    auto run = open(GetParam().way);
    EXPECT_EQ(endOf(*run, 6), expected);
    EXPECT_EQ(run->verdicts[3].fault, StepFault::TooLarge);
}

TEST_P(StepSafety, AnUpdateThatOverflowsIsNeverCommitted) {
    const Ending good = reference(3);
    const Ending whole = reference(6);
    create();
    prepare = [](FakeSliceMath& math) { math.overflow(4); };
    {
        auto run = open(GetParam().way);
        int done = 0;
        while (done < 6 && run->step(true))
            ++done;
        EXPECT_GE(done, 3);
        ASSERT_LT(done, 6) << "nobody noticed";
        EXPECT_EQ(run->lastError.code, ErrorCode::InvalidInput) << run->lastError.text();
        EXPECT_NE(run->lastError.text().find("step 4"), std::string::npos) << run->lastError.text();
        if (GetParam().way.inRam) {
            run->math().overflow(
                -1);  // doing the rest of the update would go well, and give a state that was updated twice in part
            EXPECT_FALSE(run->flush());
            EXPECT_NE(run->lastError.text().find("did not come to its end"), std::string::npos)
                << run->lastError.text();
        }
        ASSERT_TRUE(run->driver().giveUp(Survives::FinishedSteps).ok());
        EXPECT_LE(run->store().committed().step, 3);
        EXPECT_EQ(run->driver().step(), run->store().committed().step);
        // From the last commit it goes on as if nothing had been.
        ASSERT_TRUE(run->driver().load({}, {}).ok());
        EXPECT_EQ(endOf(*run, 3), good);
    }
    prepare = {};
    EXPECT_EQ(endOf(*open(GetParam().way), 6), whole);
}

TEST_P(StepSafety, AnUpdateThatOverflowsWhileItIsSettledIsNotCommittedEither) {
    create();
    prepare = [](FakeSliceMath& math) { math.overflow(2); };
    auto run = open(GetParam().way);
    const bool stepped = run->step(true) && run->step(false);
    EXPECT_FALSE(stepped && run->flush());
    EXPECT_NE(run->lastError.text().find("step 2"), std::string::npos) << run->lastError.text();
    run.reset();
    EXPECT_LE(open(GetParam().way)->store().committed().step, 1);
}

INSTANTIATE_TEST_SUITE_P(All, StepSafety,
                         testing::ValuesIn(cases({StatePreset::Exact, StatePreset::Mixed, StatePreset::Lean})),
                         nameOfCase);

/// Long enough that there are steps to compare with.
class Outliers : public StepSafety {
protected:
    Outliers() : StepSafety(smallModel(), kSmallBound) {}
};

TEST_P(Outliers, AreSkippedAlike) {
    watching = true;
    recipe.outlierAction = OutlierAction::Skip;
    prepare = [](FakeSliceMath& math) { math.spike({10, 36, 41, 42, 50}); };
    const Ending expected = reference(54);
    EXPECT_EQ(expected.skippedSteps, 4u) << "the first is too early to be judged";
    EXPECT_NE(expected.clippedMask, 0u);
    create();
    auto run = open(GetParam().way);
    EXPECT_EQ(endOf(*run, 54), expected);
    std::set<int> found;
    for (size_t i = 0; i < run->verdicts.size(); ++i)
        if (run->verdicts[i].fault == StepFault::Outlier)
            found.insert(int(i) + 1);
    EXPECT_EQ(found, (std::set<int>{36, 41, 42, 50}));
}

TEST_P(Outliers, AreTheSameInAResumedRun) {
    watching = true;
    recipe.outlierAction = OutlierAction::Skip;
    recipe.outlierSigmas = 0.7;  // so that much depends on the last bits of what came before
    prepare = [](FakeSliceMath& math) { math.spike({10, 36, 41, 42}); };
    const Ending whole = reference(48);
    EXPECT_GT(whole.skippedSteps, 4u);
    EXPECT_LT(whole.skippedSteps, 16u);
    for (int cut : {36, 41, 45}) {
        create();
        {
            auto run = open(GetParam().way);
            for (int i = 0; i < cut; ++i)
                ASSERT_TRUE(run->step(true)) << run->lastError.text();
        }
        EXPECT_EQ(endOf(*open(GetParam().way), 48), whole) << cut;
    }
}

TEST_P(Outliers, ChangeNothingWhereTheyAreReported) {
    prepare = [](FakeSliceMath& math) { math.spike({36}); };
    const Ending unwatched = reference(40);
    watching = true;
    create();
    auto run = open(GetParam().way);
    EXPECT_EQ(endOf(*run, 40), unwatched);
    EXPECT_EQ(run->verdicts[35].fault, StepFault::Outlier);
    EXPECT_EQ(run->verdicts[35].effect, StepEffect::Applied);
    EXPECT_GT(run->verdicts[35].loss.sigmas(), recipe.outlierSigmas);
    EXPECT_EQ(run->verdicts[36].fault, StepFault::None);
}

INSTANTIATE_TEST_SUITE_P(All, Outliers, testing::ValuesIn(cases({StatePreset::Exact, StatePreset::Lean})), nameOfCase);

}  // namespace
}  // namespace gsst::test
