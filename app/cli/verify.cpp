// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "app/cli/stop_on_request.h"
#include "service/tool_figures.h"

#include <iostream>

namespace gsst {
namespace {

struct VerifyOptions {
    std::filesystem::path run;
    bool rollBack = false;
    bool json = false;
};

void print(const VerifyResult& result, bool json) {
    for (const std::string& notice : result.notices)
        std::cerr << "warning: " << notice << std::endl;
    if (json) {
        printJson(figuresJson(result, FigureUse::LogOnly));
        return;
    }
    std::cout << "step " << result.step << ", generation " << result.generation << "\nroot hash " << result.rootHash
              << "\nweights   " << result.weightsHash << '\n';
    if (result.ranks > 1)
        std::cout << "the part of rank " << result.rank << " of " << result.ranks
                  << "; the hash of the weights is the same on all\n";
    if (result.damage.empty())
        std::cout << "all sums hold" << std::endl;
    for (const std::string& damage : result.damage)
        std::cout << "damaged: " << damage << '\n';
}

int verify(const VerifyOptions& options) {
    if (options.rollBack) {
        if (const Status status = rollBackRun(options.run); !status.ok())
            return reportError(status.error(), options.json);
        std::cerr << "Went back to the previous commit." << std::endl;
    }
    const StopOnRequest interrupted;
    auto result = verifyRun(options.run, showProgress, interrupted.token());
    endProgress();
    if (!result.ok())
        return reportError(result.error(), options.json);
    print(*result, options.json);
    if (result->damage.empty())
        return 0;
    return reportError({ErrorCode::Corrupt, "The committed state is damaged", options.run.string(),
                        std::to_string(result->damage.size()) + " blocks are not what was written",
                        result->previousUsable
                            ? "The commit of step " + std::to_string(result->previousStep) +
                                  " is whole: 'gsst verify --roll-back' on the folder goes back to it"
                            : std::string("Restore the run from a backup; check the drive")},
                       false);
}

}  // namespace

void addVerify(CLI::App& app, CommandContext& context) {
    auto options = std::make_shared<VerifyOptions>();
    CLI::App* command =
        app.add_subcommand("verify", "Check every sum of a run's committed state, also while it trains");
    command->add_option("run", options->run, "Folder of the run")->type_name("FOLDER")->required();
    command->add_flag("--roll-back", options->rollBack, "First go back to the previous commit, if that is whole");
    command->add_flag("--json", options->json, "The result as JSON");
    command->callback([options, &context] { context.exitCode = verify(*options); });
}

}  // namespace gsst
