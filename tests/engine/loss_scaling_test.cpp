// SPDX-License-Identifier: GPL-3.0-or-later
// Loss scaling: what it does to the scale, and that neither placement nor interruption nor the scale itself changes the
// result.
#include "engine_fixture.h"

#include "io/twins/memory_files.h"

namespace gsst::test {
namespace {

constexpr double kMost = 1 << 30;

CommitRecord history(double scale, uint64_t age) {
    CommitRecord record;
    record.lossScale = scale;
    record.lossScaleAge = age;
    return record;
}

TEST(LossScaling, DoublesAfterSoManyGoodSteps) {
    const LossScaling scaling{3, 1, kMost};
    CommitRecord record = history(64, 0);
    std::vector<double> scales;
    for (int step = 0; step < 7; ++step) {
        scaling.noteFinite(record);
        scales.push_back(scaling.scale(record));
    }
    EXPECT_EQ(scales, (std::vector<double>{64, 64, 128, 128, 128, 256, 256}));
    EXPECT_EQ(record.lossScaleAge, 1u);
}

TEST(LossScaling, HalvesAndBeginsToCountAnew) {
    const LossScaling scaling{3, 1, kMost};
    CommitRecord record = history(64, 2);
    scaling.noteOverflow(record);
    EXPECT_EQ(scaling.scale(record), 32);
    EXPECT_EQ(record.lossScaleAge, 0u);
}

TEST(LossScaling, KeepsToItsLimits) {
    const LossScaling scaling{1, 1, 128};
    CommitRecord record = history(64, 0);
    for (int step = 0; step < 3; ++step)
        scaling.noteFinite(record);
    EXPECT_EQ(scaling.scale(record), 128);
    for (int step = 0; step < 7; ++step) {
        EXPECT_TRUE(scaling.canShrink(record));
        scaling.noteOverflow(record);
    }
    EXPECT_EQ(scaling.scale(record), 1);
    EXPECT_FALSE(scaling.canShrink(record));
    scaling.noteOverflow(record);
    EXPECT_EQ(scaling.scale(record), 1);
}

TEST(LossScaling, NoneLeavesTheRecordAlone) {
    const LossScaling none = LossScaling::none();
    CommitRecord record = history(64, 5);  // of a run that was computed in fp16 before
    none.noteFinite(record);
    none.noteOverflow(record);
    EXPECT_EQ(record, history(64, 5));
    EXPECT_EQ(none.scale(record), 1);
    EXPECT_FALSE(none.canShrink(record));
}

enum class Clipping { Global, Previous, PerUnit, None };

/// All that must be the same however a run goes.
struct Ending {
    CommitRecord record;  ///< without what says how often it was committed
    bool operator==(const Ending&) const = default;
};

class ScaledRuns : public testing::TestWithParam<std::tuple<Way, StatePreset>> {
protected:
    const double bound = middleNorm();  ///< some steps clip and some do not

    FakeOptions options(const Way& way) const {
        FakeOptions chosen = optionsOf(way);
        chosen.preset = std::get<1>(GetParam());
        switch (clipping) {
        case Clipping::Global:
            chosen.clip = fakeClipping(bound);
            break;
        case Clipping::Previous:
            chosen.clip = fakePreviousClipping(bound);
            break;
        case Clipping::PerUnit:
            chosen.clip = fakeUnitClipping(bound);
            break;
        case Clipping::None:
            break;
        }
        chosen.scaling = scaling;
        chosen.firstScale = firstScale;
        return chosen;
    }
    const Way& way() const { return std::get<0>(GetParam()); }
    void create() {
        files = makeMemoryFiles();
        FakeRun(*files, "run", table, options(way()), std::make_unique<CpuDevice>(pool)).create();
    }
    std::unique_ptr<FakeRun> open(const Way& chosen) {
        auto run = std::make_unique<FakeRun>(*files, "run", table, options(chosen), std::make_unique<CpuDevice>(pool));
        run->open();
        run->math().overflowAbove(largest);
        run->math().poison(poisoned);
        return run;
    }
    static Ending endOf(FakeRun& run, int until) {
        run.steps(until - int(run.driver().step()));
        CommitRecord record = run.store().committed();
        record.generation = 0;
        record.slot = 0;
        return {record};
    }
    Ending reference(int until) {
        create();
        return endOf(*open({"reference", UpdateRule::Deferred, true}), until);
    }

    const TensorTable table{tinyModel(true)};
    std::unique_ptr<FileSystem> files;
    HostPool pool{0};
    Clipping clipping = Clipping::Global;
    LossScaling scaling{2, 1, kMost};
    double firstScale = 65536;
    double largest = std::numeric_limits<double>::infinity();
    int64_t poisoned = -1;
};

/// Every element of a gradient and every norm is multiplied by a power of two, and divided by it again.
TEST_P(ScaledRuns, NoScaleChangesABit) {
    for (Clipping kind : {Clipping::Global, Clipping::Previous, Clipping::PerUnit, Clipping::None}) {
        clipping = kind;
        scaling = LossScaling::none();
        firstScale = 1;
        Ending plain = reference(6);
        scaling = {2, 1, kMost};
        firstScale = 4096;
        create();
        auto run = open(way());
        const Ending scaled = endOf(*run, 6);
        EXPECT_EQ(run->scales, (std::vector<double>{4096, 4096, 8192, 8192, 16384, 16384}));
        EXPECT_EQ(scaled.record.lossScale, 32768);
        plain.record.lossScale = scaled.record.lossScale;
        plain.record.lossScaleAge = scaled.record.lossScaleAge;
        EXPECT_EQ(scaled, plain) << int(kind);
        if (kind == Clipping::Global) {
            EXPECT_GT(run->clipped, 0);
            EXPECT_LT(run->clipped, 6);
        }
        // The scale is known before the sweep: only the clip factor can be guessed wrong.
        const bool guesses = way().rule == UpdateRule::Speculative || way().rule == UpdateRule::Insured;
        if (kind != Clipping::Previous) {
            EXPECT_EQ(run->wrongGuesses > 0, guesses && kind == Clipping::Global) << int(kind);
        }
    }
}

TEST_P(ScaledRuns, AnOverflowSkipsTheStepAndHalvesTheScale) {
    largest = 8192;
    const Ending expected = reference(12);
    create();
    auto run = open(way());
    EXPECT_EQ(endOf(*run, 12), expected);
    EXPECT_EQ(run->scales,
              (std::vector<double>{65536, 32768, 16384, 8192, 8192, 16384, 8192, 8192, 16384, 8192, 8192, 16384}));
    for (size_t i = 0; i < run->scales.size(); ++i) {
        EXPECT_EQ(run->verdicts[i].fault, run->scales[i] > largest ? StepFault::Overflow : StepFault::None) << i;
        EXPECT_EQ(run->verdicts[i].effect, run->scales[i] > largest ? StepEffect::Skipped : StepEffect::Applied) << i;
    }
    EXPECT_EQ(expected.record.skippedSteps, 6u);
    EXPECT_EQ(expected.record.skippedInARow, 0) << "they do not count";
    EXPECT_EQ(expected.record.recent.count, 6);
    EXPECT_EQ(expected.record.step, 12);
    EXPECT_EQ(expected.record.lossScale, 8192);
    EXPECT_EQ(expected.record.lossScaleAge, 0u);
}

TEST_P(ScaledRuns, AResumedRunGoesOnWithTheSameScale) {
    largest = 8192;
    const Ending expected = reference(11);
    for (int cut = 1; cut < 11; ++cut) {
        create();
        {
            auto run = open(way());
            for (int i = 0; i < cut; ++i)
                ASSERT_TRUE(run->step(true)) << run->lastError.text();
            if (cut % 2 == 0) {
                ASSERT_TRUE(run->driver().giveUp(Survives::FinishedSteps).ok());
            }
        }
        EXPECT_EQ(endOf(*open(way()), 11), expected) << cut;
    }
}

TEST_P(ScaledRuns, AnOverflowAtTheSmallestScaleCountsAsABadStep) {
    firstScale = 2;
    largest = 0.5;
    const Ending expected = reference(4);
    create();
    auto run = open(way());
    EXPECT_EQ(endOf(*run, 4), expected);
    EXPECT_EQ(run->scales, (std::vector<double>{2, 1, 1, 1}));
    EXPECT_EQ(run->verdicts[0].fault, StepFault::Overflow);
    for (size_t i = 1; i < 4; ++i)
        EXPECT_EQ(run->verdicts[i].fault, StepFault::NotFinite);
    EXPECT_EQ(expected.record.skippedInARow, 3);
    EXPECT_EQ(expected.record.skippedSteps, 4u);
}

TEST_P(ScaledRuns, ALossThatIsNotANumberSaysNothingAboutTheScale) {
    poisoned = 2;
    const Ending expected = reference(3);
    create();
    auto run = open(way());
    EXPECT_EQ(endOf(*run, 3), expected);
    EXPECT_EQ(run->verdicts[1].fault, StepFault::NotFinite);
    EXPECT_GE(expected.record.lossScale, firstScale);
}

std::string nameOfCase(const testing::TestParamInfo<std::tuple<Way, StatePreset>>& test) {
    return std::get<0>(test.param).name + "_" + nameOf(std::get<1>(test.param));
}

INSTANTIATE_TEST_SUITE_P(
    All, ScaledRuns,
    testing::Combine(testing::Values(Way{"deferred", UpdateRule::Deferred}, Way{"speculative", UpdateRule::Speculative},
                                     Way{"insured", UpdateRule::Insured}, Way{"adaptive", UpdateRule::Adaptive},
                                     Way{"inRam", UpdateRule::Deferred, true}),
                     testing::Values(StatePreset::Exact, StatePreset::Mixed, StatePreset::Lean)),
    nameOfCase);

}  // namespace
}  // namespace gsst::test
