// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands.h"
#include "app/platform/program.h"
#include "service/create_training_service.h"

#include <exception>
#include <iostream>

namespace {

constexpr const char* kFirstSteps = R"(First steps:
  gsst train --preset sample --sample-text --run runs/first   train a small model on generated stories
  gsst generate runs/first --prompt "Once upon a time"        let it write
  gsst plan --preset llama-1.3b --vram 4GiB                   see what a larger one would cost
  gsst train --help                                           all options of a command
Ctrl-C finishes and commits the step; gsst resume goes on from there, to the same bits.)";

}  // namespace

int main(int argc, char** argv) {
    gsst::preferPassiveWaiting();
    const std::filesystem::path presets = gsst::presetsFolder();
    const auto service = gsst::createTrainingService(presets);
    gsst::CommandContext context{*service, presets};
    CLI::App app("gsst: train your own language model, from disk, slice by slice", "gsst");
    app.require_subcommand(1);
    app.set_help_all_flag("--help-all", "Help of all commands");
    app.set_version_flag("--version", "gsst " GSST_VERSION);
    app.footer(kFirstSteps);
    gsst::addTrain(app, context);
    gsst::addResume(app, context);
    gsst::addPlan(app, context);
    gsst::addGenerate(app, context);
    gsst::addVerify(app, context);
    gsst::addBench(app, context);
    gsst::addDoctor(app, context);
    if (argc == 1) {
        std::cout << app.help();
        return gsst::exitCode(gsst::ErrorCode::InvalidInput);
    }
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
