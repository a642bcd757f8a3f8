// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/training_service.h"

#include <CLI/CLI.hpp>

#include <functional>
#include <map>
#include <span>

namespace gsst {

/// What every command works with; outlives them.
struct CommandContext {
    TrainingService& service;
    std::filesystem::path presetsFolder;
    int exitCode = 0;  ///< set by the command that ran
    /// Of a command: fills in defaults that depend on its other options, before its help is shown, and says whose they
    /// are.
    std::map<const CLI::App*, std::function<std::string()>> beforeHelp = {};
};

// Each adds its subcommand to `app`; the command runs when its arguments were parsed.
void addTrain(CLI::App& app, CommandContext& context);
void addResume(CLI::App& app, CommandContext& context);
void addPlan(CLI::App& app, CommandContext& context);
void addPresets(CLI::App& app, CommandContext& context);
void addGenerate(CLI::App& app, CommandContext& context);
void addVerify(CLI::App& app, CommandContext& context);
void addBench(CLI::App& app, CommandContext& context);
void addDoctor(CLI::App& app, CommandContext& context);
void addCompletion(CLI::App& app, CommandContext& context);

using AddCommand = void (*)(CLI::App&, CommandContext&);
/// All of them, in the order in which help shows them.
std::span<const AddCommand> commands();

/// Adds all commands to `app`, parses the words behind the program's name and runs the command that they name. Help,
/// the version and errors are printed. The program's exit code.
int runCommandLine(CLI::App& app, CommandContext& context, std::vector<std::string> words);

}  // namespace gsst
