// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "app/cli/recipe_options.h"
#include "app/cli/stop_on_request.h"
#include "base/units.h"
#include "train/machine.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdio>
#include <iostream>
#include <memory>

namespace gsst {
namespace {

struct DoctorOptions {
    RecipeOptions recipe;
    std::filesystem::path folder = std::filesystem::current_path();
    bool quick = false;
    bool json = false;
};

/// Tokens a step from which a forward sweep, which moves the whole state of a deferred update, is not faster than the drive: 12 bytes of
/// state each way against 2 FLOPs a token and parameter.
double hiddenFromTokens(const MachineReport& report, const IoRate& rate) {
    constexpr double kStateBytes = 12;
    const double secondsPerParameter = kStateBytes / rate.readBytesPerSecond + kStateBytes / rate.writeBytesPerSecond;
    return secondsPerParameter * report.training.forwardFlops / 2;
}

/// By the usual count: forward, recomputation and backward are 8 FLOPs a token and parameter.
double tokensPerSecond(const MachineReport& report, double parameters) { return report.training.backwardFlops / (8 * parameters); }

const IoRate& bestRate(const MachineReport& report) {
    return bestEngine(report.drive) == IoEngine::Uring ? *report.drive.uring : report.drive.threadPool;
}

void line(const char* name, const std::string& value, const std::string& meaning) {
    std::printf("%-26s %-16s %s\n", name, value.c_str(), meaning.c_str());
}

std::string gigaflops(double flops) { return std::to_string(std::llround(flops / 1e9)) + " GFLOP/s"; }
std::string megabytes(double bytes) { return std::to_string(std::llround(bytes / 1e6)) + " MB/s"; }

void print(const MachineReport& report, const RunSpec& spec) {
    const IoRate& rate = bestRate(report);
    const bool uring = bestEngine(report.drive) == IoEngine::Uring;
    std::printf("%s\n\n", report.machine.c_str());
    line("matrix product, fp32", gigaflops(report.productFlopsFp32), "");
    line("matrix product, bf16", gigaflops(report.productFlopsBf16),
         report.productFlopsBf16 > 1.5 * report.productFlopsFp32 ? "much faster than fp32: train in bf16 (the presets do)"
                                                                 : "no faster than fp32 here: --precision fp32 costs nothing");
    line("forward pass", gigaflops(report.training.forwardFlops), "a layer like that of " + spec.name);
    line("backward pass", gigaflops(report.training.backwardFlops),
         formatCount(uint64_t(tokensPerSecond(report, 124e6))) + " tokens/s with 124 M parameters, " +
             formatCount(uint64_t(tokensPerSecond(report, 1.3e9))) + " with 1.3 B");
    line("optimizer's update", megabytes(report.training.updateBytes), "of memory moved");
    line("memory copies", megabytes(report.training.copyBytes), "");
    line("memory free", formatBytes(uint64_t(report.ramBytes)),
         "the state of " + formatCount(uint64_t(double(report.ramBytes) * 0.7 / 16)) + " parameters fits; larger models stream from the drive");
    line("drive, reading", megabytes(rate.readBytesPerSecond), uring ? "through io_uring, which is faster here" : "through a thread pool, which is as fast as io_uring or faster here");
    line("drive, writing", megabytes(rate.writeBytesPerSecond),
         "streaming is hidden behind the arithmetic from about " + formatCount(uint64_t(hiddenFromTokens(report, rate))) + " tokens a step");
    line("drive, free", formatBytes(uint64_t(report.diskBytes)),
         "room for " + formatCount(uint64_t(double(report.diskBytes) / 24)) + " parameters (exact), " + formatCount(uint64_t(double(report.diskBytes) / 8.2)) + " (lean)");
    if (report.drive.caching != Caching::Direct)
        std::printf("\nThe folder's file system has no direct access: the drive's figures are those of the system's cache.\n");
    if (!report.drive.uring)
        std::printf("\nio_uring was not measured: %s\n", report.drive.whyNoUring.c_str());
}

nlohmann::ordered_json toJson(const IoRate& rate) {
    return {{"read_bytes_per_second", rate.readBytesPerSecond}, {"write_bytes_per_second", rate.writeBytesPerSecond}};
}

nlohmann::ordered_json toJson(const MachineReport& report) {
    nlohmann::ordered_json drive = {{"engine", bestEngine(report.drive) == IoEngine::Uring ? "io_uring" : "thread_pool"},
                                    {"direct", report.drive.caching == Caching::Direct},
                                    {"thread_pool", toJson(report.drive.threadPool)}};
    if (report.drive.uring)
        drive["io_uring"] = toJson(*report.drive.uring);
    return {{"machine", report.machine},
            {"free_ram_bytes", report.ramBytes},
            {"free_disk_bytes", report.diskBytes},
            {"product_flops", {{"fp32", report.productFlopsFp32}, {"bf16", report.productFlopsBf16}}},
            {"training",
             {{"forward_flops", report.training.forwardFlops},
              {"backward_flops", report.training.backwardFlops},
              {"kept_backward_flops", report.training.keptBackwardFlops},
              {"head_flops", report.training.headFlops},
              {"update_bytes_per_second", report.training.updateBytes},
              {"copy_bytes_per_second", report.training.copyBytes}}},
            {"drive", drive},
            {"streaming_hidden_from_tokens", hiddenFromTokens(report, bestRate(report))}};
}

int doctor(DoctorOptions& options, CommandContext& context) {
    if (options.recipe.preset.empty() && options.recipe.specFile.empty())
        options.recipe.preset = "gpt2-124m";
    auto spec = options.recipe.recipe(context.presetsFolder);
    if (!spec.ok())
        return reportError(spec.error(), options.json);
    ReportOptions wanted;
    wanted.folder = options.folder;
    wanted.spec = *spec;
    wanted.driveBytes = options.quick ? uint64_t{128} << 20 : uint64_t{1} << 30;
    wanted.sustainedBytes = options.quick ? 0 : uint64_t{4} << 30;
    wanted.progress = showProgress;
    const StopOnRequest interrupted;
    const auto report = reportMachine(osFileSystem(), wanted, interrupted.token());
    endProgress();
    if (!report.ok())
        return reportError(report.error(), options.json);
    if (options.json)
        std::cout << toJson(*report).dump(2) << std::endl;
    else
        print(*report, *spec);
    return 0;
}

}  // namespace

void addDoctor(CLI::App& app, CommandContext& context) {
    auto options = std::make_shared<DoctorOptions>();
    CLI::App* command = app.add_subcommand("doctor", "Measure this computer: arithmetic, memory, drive; plans use the figures from then on");
    command->add_option("folder", options->folder, "Folder on the drive to measure (default: here)");
    options->recipe.addTo(*command);
    command->add_flag("--quick", options->quick, "A short look at the drive: seconds instead of a minute, 0.3 instead of 6 GB written");
    command->add_flag("--json", options->json, "The result as JSON");
    command->callback([options, &context] { context.exitCode = doctor(*options, context); });
}

}  // namespace gsst
