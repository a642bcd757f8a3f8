// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "app/cli/recipe_options.h"
#include "app/cli/stop_on_request.h"
#include "base/units.h"
#include "train/run_tools.h"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <iostream>
#include <map>

namespace gsst {
namespace {

struct BenchCommandOptions {
    RecipeOptions recipe;
    BenchOptions bench;
    bool json = false;
};

/// Where the compute lane spends a step: one line for each kind of op, one column for each variant.
void printComputeByKind(const BenchResult& result) {
    std::map<std::string, std::map<std::string, double>> byKind;
    for (const BenchVariant& variant : result.variants)
        for (const auto& [kind, seconds] : variant.computeByKind)
            byKind[kind][variant.name] = seconds;
    std::printf("\n%-16s", "s/step, median");
    for (const BenchVariant& variant : result.variants)
        std::printf(" %10s", variant.name.c_str());
    std::printf("\n");
    for (const auto& [kind, seconds] : byKind) {
        std::printf("%-16s", kind.c_str());
        for (const BenchVariant& variant : result.variants)
            std::printf(" %10.3f", seconds.contains(variant.name) ? seconds.at(variant.name) : 0.0);
        std::printf("\n");
    }
}

void printTable(const BenchResult& result) {
    std::printf("%s parameters, %lld tokens a step\n\n", formatCount(uint64_t(result.parameters)).c_str(), static_cast<long long>(result.tokensPerStep));
    std::printf("%-10s %9s %10s %9s %11s %11s %10s %10s %11s %11s\n", "", "s/step", "predicted", "compute", "read wait", "write wait", "read", "written",
                "device", "predicted");
    std::printf("%-10s %9s %10s %9s %11s %11s %10s %10s %11s %11s\n", "", "median", "s/step", "s/step", "s/step", "s/step", "B/param", "B/param", "peak", "peak");
    for (const BenchVariant& variant : result.variants)
        std::printf("%-10s %9.3f %10.3f %9.3f %11.3f %11.3f %10.2f %10.2f %11s %11s\n", variant.name.c_str(), variant.median, variant.predictedSeconds,
                    variant.computeSeconds, variant.readWait, variant.writeWait, variant.readBytesPerParameter, variant.writtenBytesPerParameter,
                    formatBytes(uint64_t(variant.devicePeak)).c_str(), formatBytes(uint64_t(variant.predictedDevicePeak)).c_str());
    std::printf("%-10s %9s %10s %9s %11s %11s %10.2f %10.2f   (untied model, update %s)\n", "theory", "", "", "", "", "",
                result.theoryReadBytesPerParameter, result.theoryWrittenBytesPerParameter, result.updateRule.c_str());
    printComputeByKind(result);
    std::printf("\nclipped: %.0f %% of the streamed steps\n", 100 * result.variants.back().clippedShare);
    std::printf("streamed / resident: %.3f (medians of alternating groups)\n", result.ratio);
}

nlohmann::ordered_json toJson(const std::vector<std::pair<std::string, double>>& secondsByKind) {
    auto object = nlohmann::ordered_json::object();
    for (const auto& [kind, seconds] : secondsByKind)
        object[kind] = seconds;
    return object;
}

nlohmann::ordered_json toJson(const BenchResult& result) {
    nlohmann::ordered_json variants = nlohmann::ordered_json::array();
    for (const BenchVariant& variant : result.variants)
        variants.push_back({{"name", variant.name},
                            {"seconds_per_step", variant.secondsPerStep},
                            {"median_seconds", variant.median},
                            {"predicted_seconds", variant.predictedSeconds},
                            {"compute_seconds", variant.computeSeconds},
                            {"compute_seconds_by_op", toJson(variant.computeByKind)},
                            {"clipped_share", variant.clippedShare},
                            {"read_wait_seconds", variant.readWait},
                            {"write_wait_seconds", variant.writeWait},
                            {"read_bytes_per_parameter", variant.readBytesPerParameter},
                            {"written_bytes_per_parameter", variant.writtenBytesPerParameter},
                            {"device_peak_bytes", variant.devicePeak},
                            {"predicted_device_peak_bytes", variant.predictedDevicePeak}});
    return {{"parameters", result.parameters},
            {"tokens_per_step", result.tokensPerStep},
            {"variants", variants},
            {"ratio", result.ratio},
            {"update", result.updateRule},
            {"theory_read_bytes_per_parameter", result.theoryReadBytesPerParameter},
            {"theory_written_bytes_per_parameter", result.theoryWrittenBytesPerParameter}};
}

int bench(BenchCommandOptions& options, CommandContext& context) {
    auto spec = options.recipe.recipe(context.presetsFolder);
    if (!spec.ok())
        return reportError(spec.error(), options.json);
    options.bench.spec = std::move(*spec);
    const StopOnRequest interrupted;
    auto result = runBench(options.bench, showProgress, interrupted.token());
    endProgress();
    if (!result.ok())
        return reportError(result.error(), options.json);
    if (options.json)
        std::cout << toJson(*result).dump(2) << std::endl;
    else
        printTable(*result);
    return 0;
}

}  // namespace

void addBench(CLI::App& app, CommandContext& context) {
    auto options = std::make_shared<BenchCommandOptions>();
    options->bench.folder = std::filesystem::temp_directory_path();
    CLI::App* command = app.add_subcommand("bench", "Time the same steps resident and streamed from disk, in alternation");
    options->recipe.addTo(*command);
    command->add_option("--folder", options->bench.folder, "Where the temporary runs go: the drive to measure");
    command->add_option("--measured-steps", options->bench.steps, "Steps in a row of one variant")->check(CLI::PositiveNumber);
    command->add_option("--rounds", options->bench.rounds, "Alternations")->check(CLI::PositiveNumber);
    command->add_flag("--json", options->json, "The result as JSON");
    command->callback([options, &context] { context.exitCode = bench(*options, context); });
}

}  // namespace gsst
