// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands.h"

#include "app/cli/console.h"
#include "app/cli/help_page.h"
#include "app/cli/usage_error.h"

#include <algorithm>
#include <exception>
#include <iostream>

namespace gsst {
namespace {

constexpr AddCommand kCommands[] = {addTrain,  addResume, addPlan,   addPresets,   addGenerate,
                                    addVerify, addBench,  addDoctor, addCompletion};

constexpr const char* kFirstSteps = R"(First steps:
  gsst train --sample-text --run runs/first   train a small model on stories
  gsst generate runs/first --prompt "Once upon a time"     let it write
  gsst presets                                             choose a larger one
  gsst plan --preset llama-1.3b --vram 4GiB               see what it would cost
  gsst train --help                                        options of a command
Ctrl-C finishes and commits the step; gsst resume goes on from there, to the
same bits.)";

/// The command that was called, or the program itself.
const CLI::App& calledCommand(const CLI::App& app) {
    const auto called = app.get_subcommands();
    return called.empty() ? app : *called.back();
}

std::string helpOf(const CLI::App& command, const CommandContext& context, HelpExtent extent) {
    const auto fill = context.beforeHelp.find(&command);
    const std::string note = fill == context.beforeHelp.end() ? std::string() : fill->second();
    return helpPage(command, extent, note);
}

/// Of the program with everything: of all its commands.
void printHelp(const CLI::App& app, const CommandContext& context, HelpExtent extent) {
    const CLI::App& called = calledCommand(app);
    std::cout << helpOf(called, context, extent);
    if (&called == &app && extent == HelpExtent::Everything)
        for (const CLI::App* command : app.get_subcommands({}))
            std::cout << "\n\n" << helpOf(*command, context, extent);
    std::cout << std::flush;
}

/// Parsing did not come to a command that ran: because help was asked for, or because of a mistake.
int endOfParsing(const CLI::App& app, const CommandContext& context, const CLI::ParseError& error, bool json) {
    const bool everything = dynamic_cast<const CLI::CallForAllHelp*>(&error) != nullptr;
    if (everything || dynamic_cast<const CLI::CallForHelp*>(&error)) {
        printHelp(app, context, everything ? HelpExtent::Everything : HelpExtent::Everyday);
        return 0;
    }
    if (dynamic_cast<const CLI::CallForVersion*>(&error)) {
        std::cout << error.what() << std::endl;
        return 0;
    }
    return reportError(usageError(calledCommand(app), app.remaining(true), error), json);
}

}  // namespace

std::span<const AddCommand> commands() {
    return kCommands;
}

int runCommandLine(CLI::App& app, CommandContext& context, std::vector<std::string> words) {
    app.require_subcommand(1);
    app.set_help_flag("-h,--help", "This page");
    app.set_help_all_flag("--help-all", "The same with the options that are seldom used");
    for (const AddCommand add : commands())
        add(app, context);
    app.footer(kFirstSteps);  // after the commands, which would inherit it
    if (words.empty()) {
        printHelp(app, context, HelpExtent::Everyday);
        return exitCode(ErrorCode::InvalidInput);
    }
    const bool json = std::find(words.begin(), words.end(), "--json") != words.end();
    std::reverse(words.begin(), words.end());
    try {
        app.parse(std::move(words));
    } catch (const CLI::ParseError& error) {
        return endOfParsing(app, context, error, json);
    } catch (const std::exception& error) {
        return reportError({ErrorCode::Internal, "gsst stopped because of a defect", "", error.what(),
                            "Please report this as a defect, with the command"},
                           json);
    }
    return context.exitCode;
}

}  // namespace gsst
