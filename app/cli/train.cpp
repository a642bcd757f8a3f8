// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "app/cli/device_option.h"
#include "app/cli/help_page.h"
#include "app/cli/recipe_options.h"
#include "app/cli/session_console.h"
#include "app/cli/trace_options.h"

namespace gsst {
namespace {

constexpr const char* kTwoComputers = R"(Two computers train one model together if both have the text and the same
version of this program. Choose one that the other can reach, say 10.0.0.1, and
start on it
  export WORLD_SIZE=2 RANK=0 MASTER_ADDR=10.0.0.1 MASTER_PORT=29500
  gsst train --preset sample --text book.txt --run runs/tale
and on the other one the same with RANK=1. (torchrun --no-python sets these
variables as well; it takes --run for its own, so say --run-folder.) Each
computes half of a step's micro-batches and keeps the whole run, rank 0 in
runs/tale-rank0, the other in runs/tale-rank1. If one of them is lost, all stop;
Ctrl-C on one pauses all. 'gsst resume runs/tale' on each, with the same
variables, goes on from the newest step that both have.)";

struct TrainOptions {
    RecipeOptions recipe;
    TextOptions text;
    std::filesystem::path run;
    DeviceOption device;
    bool json = false;
    TraceRequest trace;
};

int train(const TrainOptions& options, CommandContext& context) {
    if (!options.text.given())
        return reportError({ErrorCode::InvalidInput, "There is no text to train on", "--text",
                            "no file or folder was named",
                            "Name some with --text, or use --sample-text for generated stories"},
                           options.json);
    auto spec = options.recipe.recipe(context, options.text);
    if (!spec.ok())
        return reportError(spec.error(), options.json);
    if (const Status valid = validate(*spec, "the recipe"); !valid.ok())
        return reportError(valid.error(), options.json);
    const auto device = options.device.device();
    if (!device.ok())
        return reportError(device.error(), options.json);
    RunRequest request;
    request.spec = std::move(*spec);
    request.text = options.text.files;
    request.sampleText = options.text.sampleText;
    request.runFolder = options.run.empty() ? std::filesystem::path("runs") / request.spec.name : options.run;
    request.device = *device;
    request.trace = options.trace;
    SessionConsole console(options.json, request.runFolder);
    auto session = context.service.startRun(std::move(request), console.wake());
    if (!session.ok())
        return reportError(session.error(), options.json);
    return console.follow(**session);
}

}  // namespace

void addTrain(CLI::App& app, CommandContext& context) {
    auto options = std::make_shared<TrainOptions>();
    CLI::App* command = app.add_subcommand("train", "Start a new run: text in, a trained model in a run folder out");
    options->text.addTo(*command);
    options->recipe.addTo(*command, context);
    command->add_option("--run,--run-folder", options->run, "Folder of the run (default: runs/ and the recipe's name)")
        ->type_name("FOLDER")
        ->group(kRunGroup);
    options->device.addTo(*command);
    command->footer(kTwoComputers);
    addTraceOptions(*command, options->trace);
    command->add_flag("--json", options->json, "One JSON object per event on standard output");
    command->callback([options, &context] { context.exitCode = train(*options, context); });
}

}  // namespace gsst
