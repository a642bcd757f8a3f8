// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "app/cli/recipe_options.h"
#include "base/units.h"

#include <nlohmann/json.hpp>

#include <iomanip>
#include <iostream>

namespace gsst {
namespace {

constexpr const char* kKinds[] = {"weights", "gradients", "optimizer", "activations", "staging"};
constexpr const char* kTiers[] = {"device", "ram", "disk"};

std::string size(int64_t bytes) { return bytes == 0 ? std::string("-") : formatBytes(uint64_t(bytes)); }

void printTable(const RunSpec& spec, const PlanPreview& plan) {
    std::cout << spec.name << ": " << formatCount(uint64_t(plan.parameters)) << " parameters, " << plan.slices << " slices, state "
              << (plan.streamed ? "streamed from disk" : "in RAM") << "\n\n"
              << std::left << std::setw(14) << "kind" << std::right << std::setw(12) << "device" << std::setw(12) << "RAM" << std::setw(12) << "disk" << '\n';
    for (size_t kind = 0; kind < std::size(kKinds); ++kind) {
        std::cout << std::left << std::setw(14) << kKinds[kind] << std::right;
        for (size_t tier = 0; tier < std::size(kTiers); ++tier)
            std::cout << std::setw(12) << size(plan.bytes[kind][tier]);
        std::cout << '\n';
    }
    std::cout << std::left << std::setw(14) << "peak" << std::right << std::setw(12) << size(plan.devicePeakBytes) << std::setw(12)
              << size(plan.ramPeakBytes) << std::setw(12) << size(plan.diskBytes) << "\n\n"
              << "a step:  " << formatDuration(plan.secondsPerStep) << " for " << spec.training.tokensPerStep() << " tokens ("
              << std::llround(plan.tokensPerSecond) << " tokens/s), " << plan.bottleneck << "-bound\n"
              << "update:  " << plan.updateRule << '\n'
              << "disk:    " << size(plan.readBytesPerStep) << " read and " << size(plan.writtenBytesPerStep) << " written a step\n"
              << "the run: " << formatDuration(plan.totalSeconds) << " for " << spec.training.steps << " steps, "
              << formatBytes(uint64_t(plan.writtenBytesPerStep) * uint64_t(spec.training.steps)) << " written in all\n"
              << "device:  " << formatBytes(uint64_t(plan.smallestDeviceBytes)) << " is the least that would do\n";
}

nlohmann::ordered_json toJson(const PlanPreview& plan) {
    nlohmann::ordered_json tiers;
    for (size_t kind = 0; kind < std::size(kKinds); ++kind)
        for (size_t tier = 0; tier < std::size(kTiers); ++tier)
            tiers[kKinds[kind]][kTiers[tier]] = plan.bytes[kind][tier];
    return {{"fits", plan.fits},
            {"parameters", plan.parameters},
            {"slices", plan.slices},
            {"streamed", plan.streamed},
            {"bytes", tiers},
            {"device_peak_bytes", plan.devicePeakBytes},
            {"smallest_device_bytes", plan.smallestDeviceBytes},
            {"ram_peak_bytes", plan.ramPeakBytes},
            {"disk_bytes", plan.diskBytes},
            {"read_bytes_per_step", plan.readBytesPerStep},
            {"written_bytes_per_step", plan.writtenBytesPerStep},
            {"seconds_per_step", plan.secondsPerStep},
            {"tokens_per_second", plan.tokensPerSecond},
            {"total_seconds", plan.totalSeconds},
            {"update", plan.updateRule},
            {"bottleneck", plan.bottleneck}};
}

Error overBudget(const RunSpec& spec, const PlanPreview& plan) {
    std::string why = plan.problem;
    if (!why.empty() && why.back() == '.')
        why.pop_back();
    return {ErrorCode::OverBudget, "The plan does not fit", spec.name, why, ""};
}

int plan(const RecipeOptions& options, bool json, CommandContext& context) {
    auto spec = options.recipe(context.presetsFolder);
    if (!spec.ok())
        return reportError(spec.error(), json);
    auto preview = context.service.previewPlan(*spec);
    if (!preview.ok())
        return reportError(preview.error(), json);
    if (!preview->fits)
        return reportError(overBudget(*spec, *preview), json);
    if (json)
        std::cout << toJson(*preview).dump(2) << std::endl;
    else
        printTable(*spec, *preview);
    return 0;
}

}  // namespace

void addPlan(CLI::App& app, CommandContext& context) {
    struct Options {
        RecipeOptions recipe;
        bool json = false;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("plan", "What a run would cost in memory, disk and time; touches nothing");
    options->recipe.addTo(*command);
    command->add_flag("--json", options->json, "The plan as JSON");
    command->callback([options, &context] { context.exitCode = plan(options->recipe, options->json, context); });
}

}  // namespace gsst
