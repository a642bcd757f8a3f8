// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/training_service.h"

#include <CLI/CLI.hpp>

namespace gsst {

/// What every command works with; outlives them.
struct CommandContext {
    TrainingService& service;
    std::filesystem::path presetsFolder;
    int exitCode = 0;  ///< set by the command that ran
};

// Each adds its subcommand to `app`; the command runs when its arguments were parsed.
void addTrain(CLI::App& app, CommandContext& context);
void addResume(CLI::App& app, CommandContext& context);
void addPlan(CLI::App& app, CommandContext& context);
void addGenerate(CLI::App& app, CommandContext& context);
void addVerify(CLI::App& app, CommandContext& context);
void addBench(CLI::App& app, CommandContext& context);
void addDoctor(CLI::App& app, CommandContext& context);

}  // namespace gsst
