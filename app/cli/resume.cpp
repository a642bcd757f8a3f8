// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "app/cli/recipe_options.h"
#include "app/cli/session_console.h"
#include "app/cli/trace_options.h"

namespace gsst {

void addResume(CLI::App& app, CommandContext& context) {
    struct Options {
        ResumeRequest request;
        std::optional<std::string> evaluateSequences;
        bool json = false;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand(
        "resume", "Go on with a run from its last commit, to the same bits as without the interruption");
    command->add_option("run", options->request.folder, "Folder of the run")->required();
    command->add_option("--steps", options->request.steps, "Go on to this step instead of the run's own last one")
        ->type_name("N")
        ->check(CLI::PositiveNumber);
    addEvaluateSequences(*command, options->evaluateSequences);
    command->add_flag("--roll-back", options->request.rollBack,
                      "First go back to the commit before the last one, if that is whole");
    command->add_flag("--reshuffle", options->request.reshuffle,
                      "From here on the text comes in another order: a way on after training became unstable");
    addTraceOptions(*command, options->request.trace);
    command->add_flag("--json", options->json, "One JSON object per event on standard output");
    command->callback([options, &context] {
        const auto sequences = evaluateSequencesOf(options->evaluateSequences);
        if (!sequences.ok()) {
            context.exitCode = reportError(sequences.error(), options->json);
            return;
        }
        options->request.evaluateSequences = *sequences;
        SessionConsole console(options->json, options->request.folder);
        auto session = context.service.resumeRun(options->request, console.wake());
        context.exitCode = session.ok() ? console.follow(**session) : reportError(session.error(), options->json);
    });
}

}  // namespace gsst
