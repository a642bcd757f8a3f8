// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/run_fixture.h"

#include "base/clock.h"
#include "machine/machine.h"
#include "service/run_tools.h"
#include "train/session.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <optional>
#include <thread>
#include <utility>

namespace gsst::test {
namespace {

/// Drains a session's events until one satisfies `wanted`; all events seen are kept.
class Follower {
public:
    explicit Follower(RunSession& session) : m_session(session) {}

    bool until(const std::function<bool(const Event&)>& wanted, double seconds = 60) {
        const Stopwatch watch;
        while (watch.seconds() < seconds) {
            const bool last = m_session.finished();
            for (Event& event : m_session.events().drain()) {
                seen.push_back(std::move(event));
                m_found = m_found || wanted(seen.back());
            }
            if (std::exchange(m_found, false))
                return true;
            if (last)
                return false;
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
        return false;
    }
    bool untilState(RunState state, double seconds = 60) {
        return until(
            [state](const Event& event) {
                const auto* changed = std::get_if<StateChanged>(&event);
                return changed && changed->state == state;
            },
            seconds);
    }
    bool untilStep(int64_t step) {
        return until([step](const Event& event) {
            const auto* done = std::get_if<StepDone>(&event);
            return done && done->step >= step;
        });
    }
    std::vector<int64_t> steps() const {
        std::vector<int64_t> all;
        for (const Event& event : seen)
            if (const auto* done = std::get_if<StepDone>(&event))
                all.push_back(done->step);
        return all;
    }

    std::vector<Event> seen;

private:
    RunSession& m_session;
    bool m_found = false;
};

RunRequest requestIn(const std::filesystem::path& folder, ResidencyChoice residency) {
    RunRequest request;
    request.spec = tinySpec(Family::Llama, Precision::Fp32);
    request.spec.training.steps = 40;
    request.spec.training.evaluateEvery = 15;
    request.spec.training.sampleEvery = 20;
    request.spec.training.sampleTokens = 10;
    request.spec.budget.residency = residency;
    request.text = {folder / "stories.txt"};
    EXPECT_TRUE(writeSampleCorpus(osFileSystem(), request.text.front(), 60'000, {}, {}).ok());
    request.runFolder = folder / "run";
    return request;
}

std::string rootOf(const std::filesystem::path& run) {
    const auto result = verifyRun(run, {}, {});
    EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().text());
    if (!result.ok())
        return {};
    EXPECT_TRUE(result->damage.empty());
    return result->rootHash;
}

class Sessions : public testing::TestWithParam<ResidencyChoice> {};

TEST_P(Sessions, PausedResumedAndStoppedGivesTheSameBits) {
    const TemporaryFolder plainFolder;
    {
        Session session(osFileSystem(), requestIn(plainFolder.path, GetParam()), {});
        Follower follower(session);
        ASSERT_TRUE(follower.untilState(RunState::Finished));
    }
    const TemporaryFolder folder;
    const std::filesystem::path run = folder.path / "run";
    {
        Session session(osFileSystem(), requestIn(folder.path, GetParam()), {});
        Follower follower(session);
        ASSERT_TRUE(follower.untilStep(7));
        session.send(Command::PauseNow);
        ASSERT_TRUE(follower.untilState(RunState::Paused, 2.0)) << "a pause must not take longer";
        session.send(Command::Resume);
        ASSERT_TRUE(follower.untilStep(12));
        session.send(Command::CommitNow);
        session.send(Command::SampleNow);
        session.send(Command::PauseAfterStep);
        ASSERT_TRUE(follower.untilState(RunState::Paused));
        session.send(Command::Resume);
        ASSERT_TRUE(follower.untilStep(25));
        session.send(Command::Stop);
        ASSERT_TRUE(follower.untilState(RunState::Paused));
    }
    {
        Session session(osFileSystem(), ResumeRequest{run, 0}, {});
        Follower follower(session);
        ASSERT_TRUE(follower.untilState(RunState::Finished));
        EXPECT_EQ(follower.steps().back(), 40);
    }
    EXPECT_EQ(rootOf(run), rootOf(plainFolder.path / "run"));
}

INSTANTIATE_TEST_SUITE_P(All, Sessions, testing::Values(ResidencyChoice::Disk, ResidencyChoice::Resident),
                         [](const auto& parameters) {
                             return parameters.param == ResidencyChoice::Disk ? "Disk" : "Resident";
                         });

TEST(Session, WithoutEvaluationUntilOneIsWanted) {
    const TemporaryFolder folder;
    const std::filesystem::path run = folder.path / "run";
    const auto validations = [](const Follower& follower) {
        return std::count_if(follower.seen.begin(), follower.seen.end(),
                             [](const Event& event) { return std::holds_alternative<Validated>(event); });
    };
    {
        RunRequest request = requestIn(folder.path, ResidencyChoice::Disk);
        request.spec.training.evaluateSequences = 0;
        Session session(osFileSystem(), std::move(request), {});
        Follower follower(session);
        ASSERT_TRUE(follower.untilState(RunState::Finished));
        EXPECT_EQ(validations(follower), 0);
        EXPECT_EQ(follower.steps().back(), 40);
    }
    const std::vector<std::pair<std::optional<int64_t>, int>> resumed{{std::nullopt, 0}, {4, 1}, {std::nullopt, 0}};
    for (const auto& [wanted, expected] : resumed) {
        Session session(osFileSystem(), ResumeRequest{.folder = run, .evaluateSequences = wanted}, {});
        Follower follower(session);
        ASSERT_TRUE(follower.untilState(RunState::Finished));
        EXPECT_EQ(validations(follower), expected) << "the last step is not evaluated twice";
        for (const Event& event : follower.seen)
            if (const auto* validated = std::get_if<Validated>(&event)) {
                EXPECT_TRUE(std::isfinite(validated->loss));
                EXPECT_EQ(validated->tokens,
                          4 * requestIn(folder.path, ResidencyChoice::Disk).spec.training.sequenceLength);
            }
    }
    const auto record = readRunRecord(osFileSystem(), {run});
    ASSERT_TRUE(record.ok()) << record.error().text();
    EXPECT_EQ(record->spec.training.evaluateSequences, 4) << "for the rest of the run";
}

TEST(Session, DestroyedInTheMiddleCanBeResumed) {
    const TemporaryFolder folder;
    {
        Session session(osFileSystem(), requestIn(folder.path, ResidencyChoice::Resident), {});
        Follower follower(session);
        ASSERT_TRUE(follower.untilStep(5));
    }
    const auto result = verifyRun(folder.path / "run", {}, {});
    ASSERT_TRUE(result.ok()) << result.error().text();
    EXPECT_GE(result->step, 5) << "state in RAM must be committed when the program is closed";
}

/// What is measured where a run begins belongs to it from then on, whatever the machine is like where it goes on.
TEST(Session, ProductsAreSettledWhenTheRunBegins) {
    const TemporaryFolder folder;
    RunRequest request = requestIn(folder.path, ResidencyChoice::Disk);
    request.spec.training.precision = Precision::Bf16;
    const ProductChoice faster = fasterProducts(measureProducts(osFileSystem(), *cpuBackend()));
    for (const ProductChoice asked : {ProductChoice::Auto, ProductChoice::Native, ProductChoice::Upcast}) {
        request.spec.training.products = asked;
        request.runFolder = folder.path / nameOf(asked);
        const ProductChoice expected = asked == ProductChoice::Auto ? faster : asked;
        {
            const auto run = prepareNewRun(osFileSystem(), request, [](const Event&) {}, {});
            ASSERT_TRUE(run.ok()) << run.error().text();
            EXPECT_EQ((*run)->record.spec.training.products, expected);
        }
        const auto run = openExistingRun(osFileSystem(), request.runFolder, {}, [](const Event&) {});
        ASSERT_TRUE(run.ok()) << run.error().text();
        EXPECT_EQ((*run)->record.spec.training.products, expected);
    }
}

TEST(Session, FailureIsAnEventThatSaysWhatToDo) {
    const TemporaryFolder folder;
    RunRequest request = requestIn(folder.path, ResidencyChoice::Disk);
    request.text = {folder.path / "missing.txt"};
    Session session(osFileSystem(), request, {});
    Follower follower(session);
    ASSERT_TRUE(follower.untilState(RunState::NeedsAttention));
    bool failed = false;
    for (const Event& event : follower.seen)
        if (const auto* failure = std::get_if<Failed>(&event)) {
            failed = true;
            EXPECT_EQ(failure->error.code, ErrorCode::InvalidInput);
            EXPECT_NE(failure->error.text().find("missing.txt"), std::string::npos);
            EXPECT_FALSE(failure->error.todo.empty());
        }
    EXPECT_TRUE(failed);
    EXPECT_FALSE(std::filesystem::exists(request.runFolder / "run.json"));
}

}  // namespace
}  // namespace gsst::test
