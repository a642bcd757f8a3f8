// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "app/cli/text_table.h"
#include "base/units.h"
#include "spec/tensor_table.h"

#include <iostream>
#include <memory>

namespace gsst {
namespace {

using Align = TextColumn::Align;

struct PresetsOptions {
    std::string name;
    bool json = false;
};

/// A preset and what it would cost here; no plan where it could not be made.
struct PricedPreset {
    RunSpec spec;
    PlanPreview plan;
    int64_t parameters = 0;
};

std::vector<PricedPreset> priced(const std::vector<RunSpec>& presets, CommandContext& context) {
    std::vector<PricedPreset> all;
    for (const RunSpec& spec : presets) {
        showProgress({"Planning", all.size(), presets.size(), "presets"});
        auto plan = context.service.previewPlan({spec});
        PricedPreset one{spec, plan.ok() ? std::move(*plan) : PlanPreview(), parameterCount(spec.model)};
        if (!plan.ok())
            one.plan.problem = plan.error().text();
        all.push_back(std::move(one));
    }
    endProgress();
    return all;
}

bool assumesDrive(const PlanPreview& plan) {
    return plan.fits && plan.usesDrive() && !plan.driveMeasured;
}

void printTable(const std::vector<PricedPreset>& presets) {
    const std::vector<TextColumn> columns{{Align::Left, 17}, {Align::Right, 10}, {Align::Right, 9}, {Align::Right, 9},
                                          {Align::Right, 8}, {Align::Right, 12}, {Align::Right, 10}};
    std::string text = tableLine(columns, {"preset", "parameters", "disk", "RAM", "a step", "all steps", ""});
    bool assumed = false;
    for (const PricedPreset& preset : presets) {
        const PlanPreview& plan = preset.plan;
        const std::string parameters = formatCount(uint64_t(preset.parameters));
        if (!plan.fits) {
            text += tableLine({columns[0], columns[1], {Align::Left, 1}, {Align::Left, 48}},
                              {preset.spec.name, parameters, "", "does not fit this computer"});
            continue;
        }
        assumed |= assumesDrive(plan);
        text += tableLine(columns, {preset.spec.name, parameters, formatBytes(uint64_t(plan.diskBytes)),
                                    formatBytes(uint64_t(plan.devicePeakBytes + plan.ramPeakBytes)),
                                    formatDuration(plan.secondsPerStep),
                                    formatDuration(plan.totalSeconds) + (assumesDrive(plan) ? "*" : ""), ""});
    }
    text += "\nSizes and times are estimates for this computer and the preset's own steps;\n"
            "RAM has the working memory in it.\n";
    if (assumed)
        text += "* The drive's speed is assumed: 'gsst doctor FOLDER' measures it.\n";
    text += "gsst presets NAME prints one as JSON, to change and to use with --spec;\n"
            "gsst plan --preset NAME says more about what it costs.\n";
    std::cout << text << std::flush;
}

Json presetsJson(const std::vector<PricedPreset>& presets) {
    Json all = Json::array();
    for (const PricedPreset& preset : presets) {
        Json one{{"name", preset.spec.name}, {"title", preset.spec.title}, {"parameters", preset.parameters}};
        one["steps"] = preset.spec.training.steps;
        one["fits"] = preset.plan.fits;
        if (preset.plan.fits)
            one.update({{"device_peak_bytes", preset.plan.devicePeakBytes},
                        {"ram_peak_bytes", preset.plan.ramPeakBytes},
                        {"disk_bytes", preset.plan.diskBytes},
                        {"seconds_per_step", preset.plan.secondsPerStep},
                        {"total_seconds", preset.plan.totalSeconds},
                        {"drive_measured", preset.plan.driveMeasured}});
        else
            one["problem"] = preset.plan.problem;
        all.push_back(std::move(one));
    }
    return {{"presets", all}};
}

int presets(const PresetsOptions& options, CommandContext& context) {
    if (!options.name.empty()) {
        const auto spec = loadPreset(context.presetsFolder, options.name);
        if (!spec.ok())
            return reportError(spec.error(), options.json);
        std::cout << toJson(*spec) << std::flush;
        return 0;
    }
    const auto all = context.service.presets();
    if (!all.ok())
        return reportError(all.error(), options.json);
    const std::vector<PricedPreset> list = priced(*all, context);
    if (options.json)
        printJson(presetsJson(list));
    else
        printTable(list);
    return 0;
}

}  // namespace

void addPresets(CLI::App& app, CommandContext& context) {
    auto options = std::make_shared<PresetsOptions>();
    CLI::App* command =
        app.add_subcommand("presets", "List the recipes that come with the program, or print one as JSON");
    command->add_option("name", options->name, "Preset to print, as a recipe to start from");
    command->add_flag("--json", options->json, "The list as JSON");
    command->callback([options, &context] { context.exitCode = presets(*options, context); });
}

}  // namespace gsst
