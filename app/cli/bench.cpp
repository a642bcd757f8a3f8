// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/bench_report.h"
#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "app/cli/device_option.h"
#include "app/cli/recipe_options.h"
#include "app/cli/stop_on_request.h"
#include "base/usable_cores.h"
#include "service/run_tools.h"
#include "service/thread_warning.h"

#include <algorithm>
#include <iostream>
#include <memory>

namespace gsst {
namespace {

struct BenchCommandOptions {
    RecipeOptions recipe;
    DeviceOption device;
    std::vector<std::string> ways{"resident", "disk"};
    std::string diskSpeed;
    std::string sweep;
    std::vector<std::string> values;
    int steps = 3;
    int rounds = 3;
    std::filesystem::path folder = std::filesystem::temp_directory_path();
    bool json = false;
};

Error badOption(const char* option, std::string why, std::string remedy) {
    return {ErrorCode::InvalidInput, "An option cannot be used", option, std::move(why), std::move(remedy)};
}

Result<std::vector<BenchWay>> waysOf(const std::vector<std::string>& words) {
    std::vector<BenchWay> ways;
    for (const std::string& word : words) {
        const auto known = {BenchWay::Plain, BenchWay::Resident, BenchWay::Ram, BenchWay::Disk};
        const auto found = std::find_if(known.begin(), known.end(), [&](BenchWay way) { return word == nameOf(way); });
        if (found == known.end())
            return badOption("--ways", "\"" + word + "\" is not known",
                             "Use plain, resident, ram or disk, separated by commas");
        ways.push_back(*found);
    }
    return ways;
}

Result<double> speedOf(const char* option, const std::string& text) {
    GSST_ASSIGN(const int64_t bytes, bytesFromText(option, text));
    if (bytes < 1'000'000)
        return badOption(option, "a drive of " + text + " a second is too slow to measure with", "Use at least 1MB");
    return double(bytes);
}

Result<BenchOptions> benchOptions(BenchCommandOptions& options, CommandContext& context) {
    BenchOptions bench;
    GSST_ASSIGN(bench.spec, options.recipe.recipe(context, {}));
    GSST_ASSIGN(bench.device, options.device.device());
    GSST_ASSIGN(bench.ways, waysOf(options.ways));
    bench.steps = options.steps;
    bench.rounds = options.rounds;
    bench.folder = options.folder;
    if (!options.diskSpeed.empty()) {
        GSST_ASSIGN(bench.diskBytesPerSecond, speedOf("--disk-speed", options.diskSpeed));
    }
    return bench;
}

/// The same with one thing changed, and how it is called in the table.
Result<BenchOptions> sweepPoint(BenchCommandOptions& options, CommandContext& context, const std::string& value) {
    BenchCommandOptions changed = options;
    if (options.sweep == "disk-bandwidth") {
        changed.diskSpeed = value;
        return benchOptions(changed, context);
    }
    const bool digits = !value.empty() && value.find_first_not_of("0123456789") == std::string::npos;
    if (!digits)
        return badOption("--values", "\"" + value + "\" is no number of tokens",
                         "Use whole numbers, e.g. --values 1024,4096");
    changed.recipe.tokensPerStep = value;
    return benchOptions(changed, context);
}

void warnOfThreads(const RunSpec& spec) {
    if (const std::string text = threadWarning({spec.training.threads, 1, usableCores()}); !text.empty())
        std::cerr << "warning: " << text << std::endl;
}

Status runSweep(BenchCommandOptions& options, CommandContext& context, const std::stop_token& stop,
                std::vector<SweepPoint>& points) {
    if (options.values.empty())
        options.values = options.sweep == "tokens"
                             ? std::vector<std::string>{"512", "1024", "2048", "4096", "8192"}
                             : std::vector<std::string>{"100MB", "200MB", "400MB", "800MB", "1600MB"};
    for (const std::string& value : options.values) {
        GSST_ASSIGN(const BenchOptions bench, sweepPoint(options, context, value));
        if (points.empty())
            warnOfThreads(bench.spec);
        GSST_ASSIGN(BenchResult result, runBench(bench, showProgress, stop));
        points.push_back({value, std::move(result)});
    }
    return {};
}

int bench(BenchCommandOptions& options, CommandContext& context) {
    const StopOnRequest interrupted;
    std::vector<SweepPoint> points;
    if (!options.sweep.empty()) {
        const Status status = runSweep(options, context, interrupted.token(), points);
        endProgress();
        if (!status.ok())
            return reportError(status.error(), options.json);
        if (options.json)
            printJson(sweepJson(options.sweep, points));
        else
            printSweep(options.sweep, points);
        return 0;
    }
    auto bench = benchOptions(options, context);
    if (!bench.ok())
        return reportError(bench.error(), options.json);
    warnOfThreads(bench->spec);
    auto result = runBench(*bench, showProgress, interrupted.token());
    endProgress();
    if (!result.ok())
        return reportError(result.error(), options.json);
    if (options.json)
        printJson(benchJson(*result));
    else
        printBench(*result);
    return 0;
}

}  // namespace

void addBench(CLI::App& app, CommandContext& context) {
    auto options = std::make_shared<BenchCommandOptions>();
    CLI::App* command =
        app.add_subcommand("bench", "Time the same steps resident and streamed from disk, in alternation");
    options->recipe.addTo(*command, context);
    options->device.addTo(*command);
    command
        ->add_option("--ways", options->ways,
                     "What to compare: plain (nothing streamed, nothing computed twice), resident (activations "
                     "computed twice, as in all below), ram, disk; the first is the measure")
        ->type_name("WAYS")
        ->default_str("resident,disk")
        ->delimiter(',');
    command
        ->add_option("--disk-speed", options->diskSpeed, "Slow the drive down to this many bytes a second, e.g. 500MB")
        ->type_name("SIZE");
    command->add_option("--sweep", options->sweep, "Repeat for several values: tokens (a step) or disk-bandwidth")
        ->type_name("tokens|disk-bandwidth")
        ->check(CLI::IsMember({"tokens", "disk-bandwidth"}));
    command->add_option("--values", options->values, "Values of the sweep, separated by commas")
        ->type_name("LIST")
        ->delimiter(',');
    command->add_option("--folder", options->folder, "Where the temporary runs go: the drive to measure")
        ->type_name("FOLDER")
        ->default_str(options->folder.string());
    command->add_option("--measured-steps", options->steps, "Timed steps in a row of one way")
        ->type_name("N")
        ->default_str(std::to_string(options->steps))
        ->check(CLI::PositiveNumber);
    command->add_option("--rounds", options->rounds, "Alternations")
        ->type_name("N")
        ->default_str(std::to_string(options->rounds))
        ->check(CLI::PositiveNumber);
    command->add_flag("--json", options->json, "The result as JSON");
    command->callback([options, &context] { context.exitCode = bench(*options, context); });
}

}  // namespace gsst
