// SPDX-License-Identifier: GPL-3.0-or-later
// Memory that runs out during a run: it goes on with less, to the bits of a run that had the smaller micro-batch from
// there on.
#include "replan_fixture.h"

namespace gsst::test {
namespace {

class Shortages : public Replanning, public testing::WithParamInterface<Case> {
protected:
    /// Memory goes after step 2, at the latest in step 3.
    Told trainWithTooLittle(PreparedRun& run, Listener also = {}) {
        const int64_t there = int64_t(GetParam().share * double(run.planned.plan.devicePeak));
        const Listener drop = after(2, [this, there](CommandInbox&) { memory.seize(there); });
        return train(run, [drop, also](const Event& event, CommandInbox& inbox) {
            drop(event, inbox);
            if (also)
                also(event, inbox);
        });
    }
};

TEST_P(Shortages, TheRunGoesOnAsOneThatHadTheSmallerMicroBatchFromThereOn) {
    const RunRequest asked = request("run", GetParam());
    auto run = made(asked);
    const int64_t before = run->planned.plan.devicePeak;
    const Told told = trainWithTooLittle(*run);
    ASSERT_TRUE(told.status.ok()) << told.status.error().text();
    run.reset();
    EXPECT_GT(memory.refusals, 0);
    EXPECT_EQ(told.steps.back().step, kSteps);
    // Told: a line, and the new figures.
    ASSERT_EQ(told.warnings.size(), 1u);
    for (const char* part : {"Out of device memory", "wanted", "there", "micro-batches of", "instead of 4 sequences",
                             "a step takes about"})
        EXPECT_NE(told.warnings[0].find(part), std::string::npos) << part << " in " << told.warnings[0];
    ASSERT_EQ(told.plans.size(), 2u);
    EXPECT_EQ(told.plans[0].cause, PlanCause::Opened);
    EXPECT_EQ(told.plans[1].cause, PlanCause::OutOfMemory);
    EXPECT_LT(told.plans[1].devicePeakBytes, before);
    EXPECT_EQ(told.plans[1].deviceLimitBytes, told.plans[0].deviceLimitBytes)
        << "the user's limit is not the run's to change";
    EXPECT_LE(told.steps.back().devicePeakBytes, int64_t(GetParam().share * double(before)));
    // Recorded.
    const RunRecord record = recordOf(asked.runFolder);
    ASSERT_EQ(record.replans.size(), 1u);
    const Replan replan = record.replans[0];
    EXPECT_EQ(replan.microBatchBefore, 4);
    EXPECT_LT(replan.microBatch, 4);
    EXPECT_EQ(record.spec.training.microBatch, replan.microBatch);
    EXPECT_EQ(told.plans[1].microBatch, replan.microBatch);
    EXPECT_EQ(told.plans[1].firstStep, replan.firstStep - 1);
    EXPECT_GE(replan.firstStep, 2);
    EXPECT_LE(replan.firstStep, 3);
    EXPECT_GT(replan.ceilings.deviceBytes, 0);
    // Bits: those of a run without shortage up to that step, then those of the smaller micro-batch.
    const auto [expected, root] = reference(GetParam(), replan.firstStep, replan.microBatch);
    EXPECT_EQ(told.losses, expected.losses);
    EXPECT_EQ(rootOf(asked.runFolder), root);
    const RunRequest plain = request("plain", GetParam());
    const Told undisturbed = train(*made(plain));
    for (const auto& [step, loss] : undisturbed.losses) {
        const double allowed = step < replan.firstStep ? 0 : 1e-5 * loss;
        EXPECT_NEAR(told.losses.at(step), loss, allowed) << step;
    }
    EXPECT_NE(rootOf(plain.runFolder), root) << "the micro-batch decides the order of sums, else nothing was tested";
}

TEST_P(Shortages, AnInterruptionAfterwardsChangesNoBit) {
    const RunRequest asked = request("run", GetParam());
    const Told first = trainWithTooLittle(*made(asked), after(4, [](CommandInbox& inbox) { inbox.quit(); }));
    ASSERT_FALSE(first.status.ok());
    EXPECT_EQ(first.status.error().code, ErrorCode::Cancelled);
    const RunRecord record = recordOf(asked.runFolder);
    ASSERT_EQ(record.replans.size(), 1u);
    memory.limitTo(ScarceMemory::kPlenty);  // there is enough again, and the micro-batch stays all the same
    auto run = opened(asked.runFolder);
    EXPECT_LE(run->planned.plan.devicePeak, record.replans[0].ceilings.deviceBytes);
    const Told rest = train(*run);
    run.reset();
    ASSERT_TRUE(rest.status.ok()) << rest.status.error().text();
    EXPECT_TRUE(rest.warnings.empty());
    EXPECT_EQ(recordOf(asked.runFolder).replans, record.replans);
    const auto [expected, root] = reference(GetParam(), record.replans[0].firstStep, record.replans[0].microBatch);
    EXPECT_EQ(rootOf(asked.runFolder), root);
    for (const auto& [step, loss] : rest.losses)
        EXPECT_EQ(loss, expected.losses.at(step)) << step;
}

INSTANTIATE_TEST_SUITE_P(
    All, Shortages,
    testing::Values(Case{"ResidentNearlyEnough", kResident, UpdateChoice::Auto, ClipKind::Global, 0.97},
                    Case{"ResidentTwoThirds", kResident, UpdateChoice::Auto, ClipKind::Global, 0.66},
                    Case{"DeferredNearlyEnough", kDisk, UpdateChoice::Deferred, ClipKind::Global, 0.97},
                    Case{"DeferredTwoThirds", kDisk, UpdateChoice::Deferred, ClipKind::Global, 0.66},
                    Case{"InsuredTwoThirds", kDisk, UpdateChoice::Insured, ClipKind::Global, 0.66},
                    Case{"SpeculativeNearlyEnough", kDisk, UpdateChoice::Speculative, ClipKind::PreviousNorm, 0.97},
                    Case{"SpeculativeTwoThirds", kDisk, UpdateChoice::Speculative, ClipKind::PreviousNorm, 0.66}),
    [](const auto& parameters) { return parameters.param.name; });

class NothingLeft : public Replanning, public testing::WithParamInterface<Case> {};

TEST_P(NothingLeft, TheRunEndsAndTheLastCommitIsWhole) {
    RunRequest asked = request("run", GetParam());
    asked.spec.budget.gradients =
        GradientChoice::Disk;  // what a step that is given up leaves on the device would help the next plan
    const Told first = train(*made(asked), after(2, [this](CommandInbox&) { memory.seize(20'000); }));
    ASSERT_FALSE(first.status.ok());
    const Error& error = first.status.error();
    EXPECT_EQ(error.code, ErrorCode::OutOfMemory);
    for (const char* part : {"no smaller plan is left", "wanted", "there", "needs about", "--vram"})
        EXPECT_NE(error.text().find(part), std::string::npos) << part << " in " << error.text();
    EXPECT_FALSE(rootOf(asked.runFolder).empty());
    EXPECT_TRUE(recordOf(asked.runFolder).replans.empty()) << "no step was computed with another plan";
    memory.limitTo(ScarceMemory::kPlenty);
    const Told rest = train(*opened(asked.runFolder));
    ASSERT_TRUE(rest.status.ok()) << rest.status.error().text();
    EXPECT_GE(rest.steps.front().step, GetParam().residency == kResident ? 3 : 2) << "what was whole is kept";
    RunRequest plain = request("plain", GetParam());
    plain.spec.budget.gradients = asked.spec.budget.gradients;
    ASSERT_TRUE(train(*made(plain)).status.ok());
    EXPECT_EQ(rootOf(asked.runFolder), rootOf(plain.runFolder));
}

TEST_P(NothingLeft, MemoryThatGoesOnShrinkingEndsTheRunToo) {
    const RunRequest asked = request("run", GetParam());
    auto run = made(asked);
    memory.onPool = [&] { memory.limitTo(int64_t(0.9 * double(run->planned.plan.devicePeak))); };
    const Told told = train(*run);
    run.reset();
    ASSERT_FALSE(told.status.ok());
    EXPECT_EQ(told.status.error().code, ErrorCode::OutOfMemory);
    EXPECT_GT(memory.pools, 3) << "single sequences are not the end";
    EXPECT_LT(memory.pools, 40);
    for (size_t i = 1; i < told.plans.size(); ++i) {
        EXPECT_LT(told.plans[i].devicePeakBytes, told.plans[i - 1].devicePeakBytes);
        EXPECT_LE(told.plans[i].microBatch, told.plans[i - 1].microBatch);
    }
    EXPECT_EQ(told.plans.back().microBatch, 1);
    EXPECT_FALSE(rootOf(asked.runFolder).empty());
}

INSTANTIATE_TEST_SUITE_P(All, NothingLeft, testing::Values(kOnDisk, kInRam),
                         [](const auto& parameters) { return parameters.param.name; });

TEST_F(Replanning, APlanThatTakesMoreThanItSaysIsReplacedByOneWithRoom) {
    const RunRequest asked = request("run", kOnDisk);
    auto run = made(asked);
    const int64_t predicted = run->planned.plan.devicePeak;
    run->planned.plan.deviceLimit = int64_t(0.95 * double(predicted));  // as if it had promised so little
    const int64_t limit = run->planned.plan.deviceLimit;
    const Told told = train(*run);
    ASSERT_TRUE(told.status.ok()) << told.status.error().text();
    EXPECT_EQ(memory.refusals, 0) << "the pool itself refused";
    ASSERT_EQ(told.plans.size(), 2u);
    EXPECT_LE(told.plans[1].devicePeakBytes, limit);
    EXPECT_EQ(told.losses.size(), size_t(kSteps));
    EXPECT_EQ(recordOf(asked.runFolder).replans.at(0).firstStep, 1);
}

TEST_F(Replanning, AnEvaluationThatDoesNotFitIsDoneWithTheSmallerPlan) {
    RunRequest asked = request("run", kOnDisk);
    asked.spec.budget.gradients = GradientChoice::Disk;  // else the device also holds gradients during the evaluation
    asked.spec.training.evaluateEvery = 3;
    const RunRequest plain = [&] {
        RunRequest other = asked;
        other.runFolder = folder.path / "plain";
        return other;
    }();
    auto run = made(asked);
    // Between the step and its evaluation; so little that an evaluation with the old micro-batch does not fit.
    int64_t stepsBefore = 0;
    bool evaluatedBefore = false;
    const int64_t there = int64_t(1.02 * double(smallestDeviceLimit(run->record.spec, *run->table)));
    const Told told = train(*run, [&, drop = after(3, [&](CommandInbox&) { memory.seize(there); })](
                                      const Event& event, CommandInbox& inbox) mutable {
        drop(event, inbox);
        if (const auto* plan = std::get_if<Planned>(&event); plan && plan->cause == PlanCause::OutOfMemory)
            stepsBefore = plan->firstStep;
        evaluatedBefore = evaluatedBefore || (std::get_if<Validated>(&event) && stepsBefore == 0);
    });
    ASSERT_TRUE(told.status.ok()) << told.status.error().text();
    ASSERT_EQ(told.warnings.size(), 1u);
    EXPECT_FALSE(evaluatedBefore) << "the evaluation was to fail, not the step after it";
    EXPECT_EQ(stepsBefore, 3) << "the step was committed before its evaluation";
    EXPECT_EQ(recordOf(asked.runFolder).replans.at(0).firstStep, 4);
    memory.limitTo(ScarceMemory::kPlenty);
    const Told undisturbed = train(*made(plain));
    ASSERT_EQ(told.validations.size(), undisturbed.validations.size());
    for (const auto& [step, loss] : undisturbed.validations)
        EXPECT_NEAR(told.validations.at(step), loss, 1e-5 * loss) << step;
    for (int64_t step = 1; step <= 3; ++step)
        EXPECT_EQ(told.losses.at(step), undisturbed.losses.at(step));
}

TEST_F(Replanning, ASampleThatDoesNotFitIsLeftOut) {
    RunRequest asked = request("run", kOnDisk);
    asked.spec.training.sampleEvery = 2;
    asked.spec.training.sampleTokens = 5;
    auto run = made(asked);
    const Told told = train(*run, [this](const Event& event, CommandInbox&) {
        if (const auto* step = std::get_if<StepDone>(&event))
            memory.seize(step->step == 2 ? 1000 : ScarceMemory::kPlenty);
        if (std::get_if<LogLine>(&event))
            memory.limitTo(ScarceMemory::kPlenty);
    });
    ASSERT_TRUE(told.status.ok()) << told.status.error().text();
    ASSERT_EQ(told.warnings.size(), 1u);
    EXPECT_NE(told.warnings[0].find("sample of step 2 is left out"), std::string::npos) << told.warnings[0];
    EXPECT_TRUE(recordOf(asked.runFolder).replans.empty());
}

TEST_F(Replanning, MemoryThatIsTakenDuringAPauseIsMetAtTheNextStep) {
    const RunRequest asked = request("run", kInRam);
    auto run = made(asked);
    const int64_t there = int64_t(0.5 * double(run->planned.plan.devicePeak));
    const Told told = train(*run, [&, pause = after(2, [](CommandInbox& inbox) {
                                          inbox.send(Command::PauseAfterStep);
                                      })](const Event& event, CommandInbox& inbox) mutable {
        pause(event, inbox);
        if (const auto* changed = std::get_if<StateChanged>(&event); changed && changed->state == RunState::Paused) {
            memory.limitTo(there);
            inbox.send(Command::Resume);
        }
    });
    ASSERT_TRUE(told.status.ok()) << told.status.error().text();
    EXPECT_EQ(told.losses.size(), size_t(kSteps));
    EXPECT_EQ(recordOf(asked.runFolder).replans.at(0).firstStep, 3);
}

}  // namespace
}  // namespace gsst::test
