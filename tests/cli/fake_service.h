// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/commands.h"
#include "tests/support/empty_service.h"

#include <gtest/gtest.h>

#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace gsst::test {

/// A session that has all its events in the queue and nothing more to do.
class FakeSession : public RunSession {
public:
    explicit FakeSession(const std::vector<Event>& events) {
        for (const Event& event : events)
            m_events.push(event);
    }
    EventQueue& events() override { return m_events; }
    void send(Command) override {}
    bool finished() const override { return true; }

private:
    EventQueue m_events;
};

/// Remembers what was asked of it; answers are set by the test.
class FakeService : public EmptyService {
public:
    Result<PlanPreview> previewPlan(const PlanQuestion& question) override {
        GSST_TRY(plan(question));
        return preview;
    }
    Result<ExplainedPlan> explainPlan(const PlanQuestion& question) override {
        GSST_TRY(plan(question));
        return ExplainedPlan{preview, explanation};
    }
    std::optional<ComputerReport> lastComputerReport() override { return report; }
    Result<ComputerReport> measureComputer(const ComputerQuestion& question,
                                           const std::function<void(const Progress&)>&, std::stop_token) override {
        measured = question;
        if (refusal)
            return *refusal;
        return report.value_or(ComputerReport());
    }
    Result<StepListing> listStep(const PlanQuestion& question) override {
        GSST_TRY(plan(question));
        return listing;
    }
    Result<std::unique_ptr<RunSession>> startRun(RunRequest request, std::function<void()>) override {
        started = std::move(request);
        return session();
    }
    Result<std::unique_ptr<RunSession>> resumeRun(ResumeRequest request, std::function<void()>) override {
        resumed = std::move(request);
        return session();
    }

    std::optional<RunRequest> started;
    std::optional<ResumeRequest> resumed;
    std::optional<RunSpec> planned;
    std::filesystem::path plannedFolder;
    std::optional<ComputerQuestion> measured;
    std::optional<ComputerReport> report;
    PlanPreview preview;
    PlanExplanation explanation;
    int plans = 0;                ///< how many were made
    std::optional<Error> noPlan;  ///< why there is none
    StepListing listing;
    std::vector<Event> events;
    std::optional<Error> refusal;

private:
    Status plan(const PlanQuestion& question) {
        planned = question.spec;
        plannedFolder = question.folder;
        ++plans;
        return noPlan ? Status(*noPlan) : Status();
    }
    Result<std::unique_ptr<RunSession>> session() {
        if (refusal)
            return *refusal;
        return std::unique_ptr<RunSession>(std::make_unique<FakeSession>(events));
    }
};

/// Calls `gsst <words>` with the fake service and the presets of the source tree.
class CommandTest : public ::testing::Test {
protected:
    /// Exit code; what was printed is in m_out and m_err.
    int run(std::vector<std::string> words) {
        CommandContext context{m_service, GSST_PRESETS};
        CLI::App app;
        app.require_subcommand(1);
        addTrain(app, context);
        addResume(app, context);
        addPlan(app, context);
        addDoctor(app, context);
        ::testing::internal::CaptureStdout();
        ::testing::internal::CaptureStderr();
        std::vector<std::string> reversed(words.rbegin(), words.rend());
        try {
            app.parse(reversed);
        } catch (const CLI::ParseError& error) { context.exitCode = app.exit(error); }
        m_out = ::testing::internal::GetCapturedStdout();
        m_err = ::testing::internal::GetCapturedStderr();
        return context.exitCode;
    }

    void expectOut(const std::vector<std::string>& texts) {
        for (const std::string& text : texts)
            EXPECT_NE(m_out.find(text), std::string::npos) << text << " in\n" << m_out;
    }
    /// What people read fits a terminal of a hundred columns.
    void expectNarrow() {
        constexpr size_t kColumns = 100;
        std::istringstream lines(m_out);
        for (std::string line; std::getline(lines, line);) {
            EXPECT_LE(line.size(), kColumns) << line;
            EXPECT_FALSE(line.ends_with(' ')) << line;
        }
    }

    FakeService m_service;
    std::string m_out;
    std::string m_err;
};

}  // namespace gsst::test
