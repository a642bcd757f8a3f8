// SPDX-License-Identifier: GPL-3.0-or-later
// Runs that become unstable: what is told, what is saved, and the ways on.
#include "tests/support/run_fixture.h"

#include "base/clock.h"
#include "service/run_tools.h"
#include "store/state_store.h"
#include "train/rollback.h"
#include "train/session.h"

#include <chrono>
#include <thread>

namespace gsst::test {
namespace {

/// All events of a session that is left alone until it ends.
std::vector<Event> eventsOf(std::variant<RunRequest, ResumeRequest> request) {
    Session session(osFileSystem(), std::move(request), {});
    std::vector<Event> all;
    const Stopwatch watch;
    for (bool last = false; !last && watch.seconds() < 60;) {
        last = session.finished();
        for (Event& event : session.events().drain())
            all.push_back(std::move(event));
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return all;
}

template <typename Kind>
std::vector<Kind> only(const std::vector<Event>& events) {
    std::vector<Kind> some;
    for (const Event& event : events)
        if (const auto* one = std::get_if<Kind>(&event))
            some.push_back(*one);
    return some;
}

class Stability : public testing::TestWithParam<ResidencyChoice> {
protected:
    RunRequest request(const std::string& name) {
        RunRequest made;
        made.spec = tinySpec(Family::Llama, Precision::Fp32);
        made.spec.model.layers = 1;
        made.spec.training.schedule = ScheduleKind::Constant;
        made.spec.training.steps = 10;
        made.spec.budget.residency = GetParam();
        made.text = {folder.path / "stories.txt"};
        if (!std::filesystem::exists(made.text.front())) {
            EXPECT_TRUE(writeSampleCorpus(osFileSystem(), made.text.front(), 60'000, {}, {}).ok());
        }
        made.runFolder = folder.path / name;
        return made;
    }
    /// Learns next to nothing and takes every step for an outlier whose loss or norm is the least bit above the median.
    RunRequest unstable(const std::string& name) {
        RunRequest made = request(name);
        made.spec.training.steps = 400;
        made.spec.training.learningRate = 1e-9;
        made.spec.training.outlierSigmas = 1e-6;
        made.spec.training.outlierAction = OutlierAction::Skip;
        return made;
    }
    CommitRecord committed(const std::filesystem::path& run) {
        const auto record = readNewestRecord(osFileSystem(), run);
        EXPECT_TRUE(record.ok());
        return record.ok() ? *record : CommitRecord{};
    }
    std::filesystem::path copyOf(const std::filesystem::path& run, const std::string& name) {
        std::filesystem::copy(run, folder.path / name, std::filesystem::copy_options::recursive);
        return folder.path / name;
    }
    ResumeRequest resume(const std::filesystem::path& run, int64_t steps) {
        ResumeRequest made;
        made.folder = run;
        made.steps = steps;
        return made;
    }

    TemporaryFolder folder;
};

TEST_P(Stability, ThreeSkippedStepsInARowPauseTheRun) {
    const RunRequest asked = unstable("run");
    const std::vector<Event> events = eventsOf(asked);
    const auto failures = only<Failed>(events);
    ASSERT_EQ(failures.size(), 1u);
    EXPECT_EQ(only<StateChanged>(events).back().state, RunState::NeedsAttention);
    const auto unusual = only<UnusualStep>(events);
    ASSERT_GE(unusual.size(), 3u);
    const UnusualStep& last = unusual.back();
    EXPECT_EQ(last.skippedInARow, 3);
    EXPECT_EQ(unusual[unusual.size() - 3].step, last.step - 2);
    for (const UnusualStep& step : unusual) {
        EXPECT_TRUE(step.skipped);
        EXPECT_EQ(step.fault, "outlier");
        EXPECT_TRUE(step.lossSigmas > 0 || step.normSigmas > 0);
        EXPECT_GT(step.usualLoss, 0);
    }
    EXPECT_EQ(only<StepDone>(events).back().step, last.step);
    const std::string text = failures[0].error.text();
    for (const std::string& part :
         {"step " + std::to_string(last.step), std::string("3 steps in a row"), "step " + std::to_string(last.step - 3),
          std::string("--reshuffle"), std::string("--roll-back"), std::string("loss"), std::string("gradient norm"),
          asked.runFolder.string()})
        EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
    const CommitRecord record = committed(asked.runFolder);
    EXPECT_EQ(record.step, last.step) << "nothing of it is lost";
    EXPECT_EQ(record.skippedInARow, 3);
    EXPECT_EQ(record.skippedSteps, unusual.size());
    EXPECT_EQ(failures[0].committedStep, last.step);
}

TEST_P(Stability, AnInterruptionChangesNeitherVerdictsNorTheEnd) {
    const RunRequest asked = unstable("whole");
    const auto whole = only<UnusualStep>(eventsOf(asked));
    ASSERT_GE(whole.size(), 3u);
    // The same run in two parts, the second beginning between the three steps.
    RunRequest first = unstable("parts");
    first.spec.training.steps = whole.back().step - 1;
    EXPECT_EQ(only<Failed>(eventsOf(first)).size(), 0u);
    EXPECT_EQ(committed(first.runFolder).skippedInARow, 2);
    const std::vector<Event> events = eventsOf(resume(first.runFolder, 400));
    const auto rest = only<UnusualStep>(events);
    ASSERT_EQ(rest.size(), 1u);
    EXPECT_EQ(rest[0].step, whole.back().step);
    EXPECT_EQ(rest[0].lossSigmas, whole.back().lossSigmas);
    EXPECT_EQ(rest[0].normSigmas, whole.back().normSigmas);
    EXPECT_EQ(only<Failed>(events).size(), 1u);
    EXPECT_EQ(committed(first.runFolder).recent, committed(asked.runFolder).recent);
}

TEST_P(Stability, ReshufflingIsAWayOn) {
    const RunRequest asked = unstable("run");
    const auto before = only<UnusualStep>(eventsOf(asked));
    ASSERT_GE(before.size(), 3u);
    const int64_t stuck = before.back().step;
    const auto plain = copyOf(asked.runFolder, "plain");
    ResumeRequest other = resume(asked.runFolder, stuck + 2);
    other.reshuffle = true;
    const auto reshuffled = only<StepDone>(eventsOf(other));
    const auto continued = only<StepDone>(eventsOf(resume(plain, stuck + 2)));
    ASSERT_EQ(reshuffled.size(), 2u);
    ASSERT_EQ(continued.size(), 2u);
    EXPECT_EQ(reshuffled[0].step, stuck + 1);
    EXPECT_NE(reshuffled[0].loss, continued[0].loss) << "other text";
    EXPECT_EQ(committed(asked.runFolder).dataOrder, 1u);
}

TEST_P(Stability, AReshuffledRunIsTheSameHoweverItIsInterrupted) {
    const RunRequest asked = request("run");
    EXPECT_EQ(only<Failed>(eventsOf(asked)).size(), 0u);
    const auto parts = copyOf(asked.runFolder, "parts");
    const auto plain = copyOf(asked.runFolder, "plain");
    ResumeRequest whole = resume(asked.runFolder, 20);
    whole.reshuffle = true;
    EXPECT_EQ(only<StepDone>(eventsOf(whole)).size(), 10u);
    ResumeRequest first = resume(parts, 13);
    first.reshuffle = true;
    EXPECT_EQ(only<StepDone>(eventsOf(first)).size(), 3u);
    EXPECT_EQ(only<StepDone>(eventsOf(resume(parts, 20))).size(), 7u);
    EXPECT_EQ(only<StepDone>(eventsOf(resume(plain, 20))).size(), 10u);
    EXPECT_EQ(committed(parts).rootHash, committed(asked.runFolder).rootHash);
    EXPECT_NE(committed(parts).rootHash, committed(plain).rootHash);
}

TEST_P(Stability, RollingBackBeginsAtTheCommitBefore) {
    RunRequest asked = request("run");
    asked.spec.training.steps = 6;
    EXPECT_EQ(only<Failed>(eventsOf(asked)).size(), 0u);
    EXPECT_EQ(only<StepDone>(eventsOf(resume(asked.runFolder, 10))).size(), 4u);
    const int64_t previous = GetParam() == ResidencyChoice::Disk ? 9 : 6;
    ResumeRequest back = resume(asked.runFolder, 12);
    back.rollBack = true;
    back.reshuffle = true;
    const std::vector<Event> events = eventsOf(back);
    EXPECT_EQ(only<Failed>(events).size(), 0u);
    const auto steps = only<StepDone>(events);
    ASSERT_FALSE(steps.empty());
    EXPECT_EQ(steps.front().step, previous + 1);
    EXPECT_EQ(steps.back().step, 12);
    EXPECT_EQ(committed(asked.runFolder).dataOrder, 1u);
    // Once more: numbers of orders are not used again.
    const CommitRecord before = committed(asked.runFolder);
    const EventSink nobody = [](const Event&) {};
    ASSERT_TRUE(chooseRollback(osFileSystem(), back, nobody).ok());
    EXPECT_EQ(committed(asked.runFolder).dataOrder, 2u);
    EXPECT_LT(committed(asked.runFolder).step, before.step);
    EXPECT_EQ(committed(asked.runFolder).skippedInARow, 0);
    // There is no third state.
    EXPECT_EQ(chooseRollback(osFileSystem(), back, nobody).ok(), false);
    EXPECT_EQ(committed(asked.runFolder).dataOrder, 2u) << "nothing was changed";
}

INSTANTIATE_TEST_SUITE_P(All, Stability, testing::Values(ResidencyChoice::Disk, ResidencyChoice::Resident),
                         [](const auto& parameters) {
                             return parameters.param == ResidencyChoice::Disk ? "Disk" : "Resident";
                         });

TEST(RealOutliers, AreSkippedAlikeInAllPlacements) {
    const TemporaryFolder folder;
    const auto tokens = smallTokens(folder.path);
    RunSpec spec = tinySpec(Family::Llama, Precision::Bf16);
    spec.model.layers = 1;
    spec.training.steps = 60;
    spec.training.outlierSigmas = 0.1;  // of the norm, that is: the loss falls all the time
    spec.training.outlierAction = OutlierAction::Skip;
    HandRun resident(folder.path / "resident", spec, residentPlacement());
    resident.create(*tokens);
    resident.open();
    resident.run(44);
    const std::string root = resident.flushedRoot();
    const CommitRecord record = resident.trainer().store().committed();
    EXPECT_GT(record.skippedSteps, 0u);
    EXPECT_LT(record.skippedSteps, 12u);
    for (UpdateRule rule : {UpdateRule::Deferred, UpdateRule::Insured}) {
        HandRun streamed(folder.path / std::to_string(int(rule)), spec, onDisk(2, 12288), rule);
        streamed.create(*tokens);
        streamed.open();
        streamed.run(39);
        streamed.close();  // without settling: as a kill
        streamed.open();
        streamed.run(int(44 - streamed.trainer().step()));
        EXPECT_EQ(streamed.flushedRoot(), root) << int(rule);
        EXPECT_EQ(streamed.trainer().store().committed().skippedSteps, record.skippedSteps);
        EXPECT_EQ(streamed.trainer().store().committed().recent, record.recent);
    }
}

}  // namespace
}  // namespace gsst::test
