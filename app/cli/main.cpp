// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands.h"
#include "app/platform/program.h"
#include "train/create_training_service.h"

#include <exception>
#include <iostream>

int main(int argc, char** argv) {
    gsst::ensurePassiveWaiting(argv);
    const std::filesystem::path presets = gsst::presetsFolder();
    const auto service = gsst::createTrainingService(presets);
    gsst::CommandContext context{*service, presets};
    CLI::App app("gsst: train your own language model, from disk, slice by slice", "gsst");
    app.require_subcommand(1);
    app.set_help_all_flag("--help-all", "Help of all commands");
    gsst::addTrain(app, context);
    gsst::addResume(app, context);
    gsst::addPlan(app, context);
    gsst::addGenerate(app, context);
    gsst::addVerify(app, context);
    gsst::addBench(app, context);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        // Help asked for is success; everything else is bad input.
        return app.exit(error) == 0 ? 0 : 2;
    } catch (const std::exception& error) {
        std::cerr << "error: gsst stopped because of a defect: " << error.what() << std::endl;
        return gsst::exitCode(gsst::ErrorCode::Internal);
    }
    return context.exitCode;
}
