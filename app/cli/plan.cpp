// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "app/cli/device_option.h"
#include "app/cli/plan_report.h"
#include "app/cli/program_report.h"
#include "app/cli/recipe_options.h"

#include <iostream>
#include <memory>

namespace gsst {
namespace {

struct PlanOptions {
    RecipeOptions recipe;
    std::filesystem::path run;
    DeviceOption device;
    bool program = false;
    bool json = false;
};

/// Where there is no plan: one error for whichever limit is too small, with what the planner says of it.
Error withoutPlan(const RunSpec& spec, const Error& error) {
    if (error.code != ErrorCode::OverBudget && error.code != ErrorCode::NoSpace)
        return error;
    std::string why = error.text();
    if (!why.empty() && why.back() == '.')
        why.pop_back();
    return {ErrorCode::OverBudget, "The plan does not fit", spec.name, why, ""};
}

int plan(const PlanOptions& options, CommandContext& context) {
    const bool json = options.json;
    auto spec = options.recipe.recipe(context.presetsFolder);
    if (!spec.ok())
        return reportError(spec.error(), json);
    const auto device = options.device.device();
    if (!device.ok())
        return reportError(device.error(), json);
    const PlanQuestion question{*spec, options.run.empty() ? std::filesystem::path("runs") / spec->name : options.run,
                                *device};
    if (options.program) {
        auto listing = context.service.listStep(question);
        if (!listing.ok())
            return reportError(withoutPlan(*spec, listing.error()), json);
        if (json)
            std::cout << programJson(*listing).dump(1) << std::endl;
        else
            printProgram(std::cout, spec->name, *listing);
        return 0;
    }
    auto told = context.service.explainPlan(question);
    if (!told.ok())
        return reportError(withoutPlan(*spec, told.error()), json);
    if (json)
        std::cout << planJson(told->preview, told->explanation).dump(2) << std::endl;
    else
        std::cout << planText(*spec, told->preview, told->explanation) << std::flush;
    return 0;
}

}  // namespace

void addPlan(CLI::App& app, CommandContext& context) {
    auto options = std::make_shared<PlanOptions>();
    CLI::App* command =
        app.add_subcommand("plan", "What a run would cost in memory, disk and time, and why; touches nothing");
    options->recipe.addTo(*command);
    command->add_option("--run,--run-folder", options->run,
                        "Folder that the run would have: its drive counts (default: runs/<preset>)");
    options->device.addTo(*command);
    command->add_flag("--program", options->program, "The ops of one training step, in their order, instead");
    command->add_flag("--json", options->json, "The same as JSON");
    command->callback([options, &context] { context.exitCode = plan(*options, context); });
}

}  // namespace gsst
