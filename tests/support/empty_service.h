// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/training_service.h"

namespace gsst::test {

/// A service that knows nothing and starts nothing: the base of fakes, which answer what their tests ask.
class EmptyService : public TrainingService {
public:
    Result<std::vector<RunSpec>> presets() override { return std::vector<RunSpec>{}; }
    Result<TextSummary> summarizeText(const std::vector<std::filesystem::path>&,
                                      const std::function<void(const Progress&)>&, std::stop_token) override {
        return TextSummary{};
    }
    Result<PlanPreview> previewPlan(const PlanQuestion&) override { return PlanPreview{}; }
    Result<ExplainedPlan> explainPlan(const PlanQuestion&) override { return ExplainedPlan{}; }
    Result<StepListing> listStep(const PlanQuestion&) override { return StepListing{}; }
    Result<std::vector<RunInfo>> listRuns(const std::filesystem::path&) override { return std::vector<RunInfo>{}; }
    std::optional<ComputerReport> lastComputerReport() override { return std::nullopt; }
    Result<ComputerReport> measureComputer(const ComputerQuestion&, const std::function<void(const Progress&)>&,
                                           std::stop_token) override {
        return ComputerReport{};
    }
    Result<std::unique_ptr<RunSession>> startRun(RunRequest, std::function<void()>) override { return refusal(); }
    Result<std::unique_ptr<RunSession>> resumeRun(ResumeRequest, std::function<void()>) override { return refusal(); }

private:
    static Error refusal() { return {ErrorCode::Internal, "There is no such run", "", "this service has none", ""}; }
};

}  // namespace gsst::test
