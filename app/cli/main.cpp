// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands.h"
#include "app/platform/program.h"
#include "service/create_training_service.h"

int main(int argc, char** argv) {
    gsst::preferPassiveWaiting();
    const std::filesystem::path presets = gsst::presetsFolder();
    const auto service = gsst::createTrainingService(presets);
    gsst::CommandContext context{*service, presets};
    CLI::App app("Train your own language model, from disk, slice by slice", "gsst");
    app.set_version_flag("--version", "gsst " GSST_VERSION);
    return gsst::runCommandLine(app, context, {argv + 1, argv + argc});
}
