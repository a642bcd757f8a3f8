// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/choose_preset.h"

#include "app/cli/console.h"
#include "app/cli/stop_on_request.h"
#include "base/cancelled.h"
#include "base/units.h"
#include "service/preset_choice.h"
#include "spec/tensor_table.h"

#include <iostream>

namespace gsst {
namespace {

Error nothingToRead(const TextSummary& summary) {
    std::string why = "no file of it can be used";
    for (const TextFileInfo& file : summary.files)
        if (!file.problem.empty())
            why += "; " + file.path.filename().string() + ": " + file.problem;
    return {ErrorCode::InvalidInput, "There is no text to train on", "--text", why,
            "Name files with text, or use --sample-text for generated stories"};
}

}  // namespace

Result<RunSpec> choosePreset(TrainingService& service, const std::vector<std::filesystem::path>& text) {
    const StopOnRequest interrupted;
    const auto summary = service.summarizeText(text, showProgress, interrupted.token());
    endProgress();
    GSST_TRY(summary);
    if (summary->usableBytes == 0)
        return nothingToRead(*summary);
    GSST_ASSIGN(std::vector<RunSpec> presets, service.presets());
    std::vector<std::optional<PlanPreview>> plans;
    for (RunSpec& preset : presets) {
        if (interrupted.token().stop_requested())
            return cancelled("Choosing a preset");
        showProgress({"Choosing a preset", plans.size(), presets.size(), "presets"});
        preset = adaptedToText(preset, *summary);
        const auto plan = service.previewPlan({preset});
        plans.push_back(plan.ok() ? std::optional(*plan) : std::nullopt);
    }
    endProgress();
    const int chosen = suggestedPreset(presets, plans, summary->usableBytes);
    if (chosen < 0)
        return Error{ErrorCode::NotFound, "There is no preset to choose from", "--preset", "none is installed",
                     "Name a recipe with --spec"};
    const RunSpec& spec = presets[size_t(chosen)];
    std::cerr << "Recipe: " << spec.name << ", " << formatCount(uint64_t(parameterCount(spec.model)))
              << " parameters, which suits " << formatBytes(summary->usableBytes)
              << " of text and this computer.\nAnother one: --preset NAME; 'gsst presets' lists them." << std::endl;
    return spec;
}

}  // namespace gsst
