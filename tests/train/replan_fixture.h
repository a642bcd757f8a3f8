// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "scarce_memory.h"
#include "tests/support/run_fixture.h"

#include "service/run_tools.h"
#include "train/replan.h"
#include "train/training_loop.h"

#include <functional>
#include <map>
#include <ostream>
#include <stdexcept>
#include <utility>

namespace gsst::test {

inline constexpr int64_t kSteps = 7;

/// What a run told, and how it ended.
struct Told {
    Status status;
    std::map<int64_t, double> losses;  ///< the last one of each step
    std::map<int64_t, double> validations;
    std::vector<StepDone> steps;
    std::vector<Planned> plans;
    std::vector<std::string> warnings;
};

using Listener = std::function<void(const Event&, CommandInbox&)>;

inline Told train(PreparedRun& run, const Listener& listener = {}) {
    Told told;
    CommandInbox inbox;
    const EventSink sink = [&](const Event& event) {
        if (const auto* step = std::get_if<StepDone>(&event)) {
            told.losses[step->step] = step->loss;
            told.steps.push_back(*step);
        } else if (const auto* validated = std::get_if<Validated>(&event)) {
            told.validations[validated->step] = validated->loss;
        } else if (const auto* plan = std::get_if<Planned>(&event); plan && plan->cause != PlanCause::OtherPrograms) {
            told.plans.push_back(*plan);
        } else if (const auto* line = std::get_if<LogLine>(&event); line && line->level == LogLine::Level::Warning) {
            told.warnings.push_back(line->text);
        }
        if (listener)
            listener(event, inbox);
    };
    TrainingLoop loop(osFileSystem(), run, inbox, sink, nullptr);
    told.status = loop.run();
    return told;
}

/// Calls `act` once, right after that step.
inline Listener after(int64_t step, std::function<void(CommandInbox&)> act) {
    return [step, act = std::move(act), done = false](const Event& event, CommandInbox& inbox) mutable {
        const auto* finished = std::get_if<StepDone>(&event);
        if (finished && finished->step == step && !std::exchange(done, true))
            act(inbox);
    };
}

inline std::string rootOf(const std::filesystem::path& run) {
    const auto result = verifyRun(run, {}, {});
    EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().text());
    if (!result.ok())
        return {};
    EXPECT_TRUE(result->damage.empty());
    return result->rootHash;
}

struct Case {
    const char* name;
    ResidencyChoice residency;
    UpdateChoice update;
    ClipKind clip;
    double share;  ///< of the predicted peak that is there after the drop
};

inline std::ostream& operator<<(std::ostream& out, const Case& which) {
    return out << which.name;
}

class Replanning : public testing::Test {
protected:
    RunRequest request(const std::string& name, const Case& which) const {
        RunRequest asked;
        asked.spec = tinySpec(Family::Llama, Precision::Fp32);
        TrainSpec& training = asked.spec.training;
        training.steps = kSteps;
        training.warmupSteps = 1;
        training.sequencesPerStep = 8;
        training.microBatch = 4;
        training.schedule = ScheduleKind::Constant;
        training.clip = which.clip;
        asked.spec.budget.deviceBytes = 64 << 20;
        asked.spec.budget.residency = which.residency;
        asked.spec.budget.update = which.update;
        asked.text = {folder.path / "stories.txt"};
        if (!std::filesystem::exists(asked.text.front())) {
            EXPECT_TRUE(writeSampleCorpus(osFileSystem(), asked.text.front(), 60'000, {}, {}).ok());
        }
        asked.runFolder = folder.path / name;
        return asked;
    }
    std::unique_ptr<PreparedRun> made(const RunRequest& request) {
        auto run = prepareNewRun(osFileSystem(), request, [](const Event&) {}, {});
        if (!run.ok())
            throw std::runtime_error(run.error().text());
        (*run)->backend = memory.backend();
        return std::move(*run);
    }
    std::unique_ptr<PreparedRun> opened(const std::filesystem::path& path, int64_t steps = 0) {
        auto run = openExistingRun(osFileSystem(), path, {steps}, [](const Event&) {});
        if (!run.ok())
            throw std::runtime_error(run.error().text());
        (*run)->backend = memory.backend();
        return std::move(*run);
    }
    RunRecord recordOf(const std::filesystem::path& path) const {
        const auto record = readRunRecord(osFileSystem(), {path});
        EXPECT_TRUE(record.ok()) << record.error().text();
        return record.ok() ? *record : RunRecord{};
    }
    /// A run with enough memory whose micro-batch was `microBatch` from `firstStep` on.
    std::pair<Told, std::string> reference(const Case& which, int64_t firstStep, int64_t microBatch) {
        memory.limitTo(ScarceMemory::kPlenty);
        RunRequest asked = request("reference", which);
        asked.spec.training.steps = firstStep - 1;
        const Told before = train(*made(asked));
        EXPECT_TRUE(before.status.ok()) << before.status.error().text();
        RunRecord record = recordOf(asked.runFolder);
        record.spec.training.microBatch = microBatch;
        record.spec.training.steps = kSteps;
        EXPECT_TRUE(writeRunRecord(osFileSystem(), {asked.runFolder}, record).ok());
        Told rest = train(*opened(asked.runFolder));
        EXPECT_TRUE(rest.status.ok()) << rest.status.error().text();
        rest.losses.insert(before.losses.begin(), before.losses.end());
        return {rest, rootOf(asked.runFolder)};
    }

    TemporaryFolder folder;
    ScarceMemory memory;
};

inline constexpr auto kDisk = ResidencyChoice::Disk;
inline constexpr auto kResident = ResidencyChoice::Resident;
inline constexpr Case kOnDisk{"Disk", kDisk, UpdateChoice::Deferred, ClipKind::Global, 0};
inline constexpr Case kInRam{"Resident", kResident, UpdateChoice::Auto, ClipKind::Global, 0};

}  // namespace gsst::test
