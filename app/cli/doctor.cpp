// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "app/cli/device_option.h"
#include "app/cli/doctor_report.h"
#include "app/cli/recipe_options.h"
#include "app/cli/stop_on_request.h"

#include <iostream>
#include <memory>

namespace gsst {
namespace {

struct DoctorOptions {
    RecipeOptions recipe;
    DeviceOption device;
    std::filesystem::path folder = std::filesystem::current_path();
    bool quick = false;
    bool show = false;
    bool json = false;
};

Error notMeasured() {
    return {ErrorCode::NotFound, "This computer has not been measured yet", "gsst doctor --show",
            "no figures of an earlier measurement are there",
            "Measure it with 'gsst doctor FOLDER', where FOLDER is on the drive that runs will be on; with --quick it "
            "takes seconds"};
}

/// Prints what was asked for.
void print(const ComputerReport& report, bool json) {
    if (json)
        printJson(doctorJson(report));
    else
        std::cout << doctorText(report) << std::flush;
}

int showLast(const DoctorOptions& options, CommandContext& context) {
    const auto report = context.service.lastComputerReport();
    if (!report)
        return reportError(notMeasured(), options.json);
    print(*report, options.json);
    return 0;
}

int measure(DoctorOptions& options, CommandContext& context) {
    if (!options.recipe.named())
        options.recipe.preset = kUsualRecipe;
    auto spec = options.recipe.recipe(context, {});
    if (!spec.ok())
        return reportError(spec.error(), options.json);
    const auto device = options.device.device();
    if (!device.ok())
        return reportError(device.error(), options.json);
    const StopOnRequest interrupted;
    const auto report = context.service.measureComputer({options.folder, options.quick, *spec, *device}, showProgress,
                                                        interrupted.token());
    endProgress();
    if (!report.ok())
        return reportError(report.error(), options.json);
    print(*report, options.json);
    if (!options.json)
        std::cout << (report->direct ? "\nPlans use these figures from now on; " : "\n")
                  << "gsst doctor --show prints them again.\n";
    return 0;
}

}  // namespace

void addDoctor(CLI::App& app, CommandContext& context) {
    auto options = std::make_shared<DoctorOptions>();
    CLI::App* command = app.add_subcommand(
        "doctor", "Measure this computer: arithmetic, memory, drive; plans use the figures from then on");
    command->add_option("folder", options->folder, "Folder on the drive to measure (default: here)");
    options->recipe.addTo(*command, context);
    options->device.addTo(*command);
    command->add_flag("--quick", options->quick,
                      "A short look at the drive: seconds instead of a minute, 0.3 instead of 6 GB written");
    auto* show = command->add_flag("--show", options->show,
                                   "Measure nothing: print what was measured last, here or in the window, and when");
    for (CLI::Option* other : command->get_options([](const CLI::Option* option) {
             return option->get_name() != "--help" && option->get_name() != "--help-all";
         }))
        if (other != show)
            show->excludes(other);
    command->add_flag("--json", options->json, "The result as JSON");
    command->callback([options, &context] {
        context.exitCode = options->show ? showLast(*options, context) : measure(*options, context);
    });
}

}  // namespace gsst
