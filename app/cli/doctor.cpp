// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "app/cli/recipe_options.h"
#include "app/cli/stop_on_request.h"
#include "app/cli/text_table.h"
#include "base/units.h"
#include "train/machine_report.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace gsst {
namespace {

struct DoctorOptions {
    RecipeOptions recipe;
    std::filesystem::path folder = std::filesystem::current_path();
    bool quick = false;
    bool json = false;
};

const IoRate& bestRate(const IoProbe& drive) { return bestEngine(drive) == IoEngine::Uring ? *drive.uring : drive.threadPool; }

/// Tokens a step from which streaming takes no longer than the arithmetic: a forward sweep reads 12 bytes of state and 4 of gradient
/// for each parameter, writes 12, and computes 2 FLOPs a token meanwhile.
double hiddenFromTokens(const MachineReport& report) {
    constexpr double kReadBytes = 16, kWrittenBytes = 12, kForwardFlops = 2;
    const IoRate& rate = bestRate(report.drive);
    return (kReadBytes / rate.readBytesPerSecond + kWrittenBytes / rate.writeBytesPerSecond) * report.training.forwardFlops / kForwardFlops;
}

/// Of one token and parameter: forward, then backward with what the forward did once more.
double tokenSeconds(const MachineReport& report) { return 2 / report.training.forwardFlops + 6 / report.training.backwardFlops; }

/// Parameters of the model that sees 20 tokens a parameter, a usual measure, in a week.
double parametersInAWeek(const MachineReport& report) {
    constexpr double kWeek = 7 * 24 * 3600, kTokensPerParameter = 20;
    return std::sqrt(kWeek / (kTokensPerParameter * tokenSeconds(report)));
}

std::string count(double value) { return formatCount(uint64_t(value)); }
std::string arithmetic(double flops) { return std::to_string(std::llround(flops / 1e9)) + " GFLOP/s"; }
std::string memorySpeed(double bytes) { return std::to_string(std::llround(bytes / 1e9)) + " GB/s"; }

void line(const char* name, const std::string& value, const std::string& meaning) {
    static const std::vector<TextColumn> columns = {{TextColumn::Align::Left, 24}, {TextColumn::Align::Left, 20}, {TextColumn::Align::Left, 76}};
    std::cout << tableLine(columns, {name, value, meaning});
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : ", ") + word;
    return text.empty() ? "none that are known here" : text;
}

void printProcessor(const MachineReport& report) {
    std::cout << report.processor << "\n\n";
    line("processor", std::to_string(report.cores) + (report.cores == 1 ? " core, " : " cores, ") + std::to_string(report.threads) + " threads",
         "Vector instructions: " + joined(report.instructions) + "; bf16 products " +
             (report.fastBf16 ? "are done by the processor itself." : "have to be imitated with fp32."));
    const bool faster = report.productFlopsBf16 > 1.3 * report.productFlopsFp32;
    line("matrix product, fp32", arithmetic(report.productFlopsFp32), "The most that any layer can reach with --precision fp32.");
    line("matrix product, bf16", arithmetic(report.productFlopsBf16),
         faster ? "Much faster than fp32: --precision bf16 is the right choice." : "Not faster than fp32: --precision fp32 costs no time here.");
    line("matrix product, fp16", arithmetic(report.productFlopsFp16),
         "Done in fp32 on the processor: --precision fp16 saves memory here, not time.");
}

void printTraining(const MachineReport& report, const RunSpec& spec) {
    line("forward", arithmetic(report.training.forwardFlops), "What a layer like those of " + spec.name + " reaches; plans reckon with it.");
    line("backward", arithmetic(report.training.backwardFlops),
         "A model of 124 M parameters trains at about " + count(1 / (tokenSeconds(report) * 124e6)) + " tokens/s, one of 1.3 B at " +
             count(1 / (tokenSeconds(report) * 1.3e9)) + "; models up to about " + count(parametersInAWeek(report)) +
             " parameters see 20 tokens a parameter within a week.");
    line("loss and its gradient", arithmetic(report.training.headFlops), "Counts for small models with a large vocabulary.");
    line("optimizer's update", memorySpeed(report.training.updateBytes),
         "A state of 12 bytes a parameter is updated at about " + count(report.training.updateBytes / 28) + " parameters/s, in memory.");
}

void printMemory(const MachineReport& report) {
    constexpr double kShare = 0.7, kBytesPerParameter = 16;
    line("memory", formatBytes(uint64_t(report.ramTotalBytes)),
         formatBytes(uint64_t(report.ramFreeBytes)) + " are free: up to about " +
             count(double(report.ramFreeBytes) * kShare / kBytesPerParameter) +
             " parameters train without the drive, larger models are streamed.");
    line("memory, copying", memorySpeed(report.memoryBytes),
         report.memoryBytes > 4 * bestRate(report.drive).readBytesPerSecond
             ? "Far more than the drive gives: memory will not hold streaming up."
             : "Not much more than the drive gives: streaming takes time from the arithmetic.");
}

void printDrive(const MachineReport& report, bool sustained) {
    constexpr double kExactBytes = 28, kLeanBytes = 11;  // two slots and the gradient
    const IoRate& rate = bestRate(report.drive);
    const char* engine = bestEngine(report.drive) == IoEngine::Uring ? "Through io_uring, which is faster here than a pool of threads."
                         : report.drive.uring                        ? "Through a pool of threads: io_uring is not faster here."
                                                                     : "Through a pool of threads, as io_uring cannot be used.";
    line("drive, reading", formatRate(rate.readBytesPerSecond), engine);
    line("drive, writing", formatRate(rate.writeBytesPerSecond),
         (sustained ? "Kept up after " + formatBytes(report.drive.writtenBytes) + " of writing. "
                    : "In a short look, without --quick it may be less. ") +
             "Streaming is hidden behind the arithmetic from about " + count(hiddenFromTokens(report)) + " tokens a step.");
    line("drive, free", formatBytes(uint64_t(report.diskFreeBytes)),
         "Room for about " + count(double(report.diskFreeBytes) / kExactBytes) + " parameters with the state \"exact\", " +
             count(double(report.diskFreeBytes) / kLeanBytes) + " with \"lean\".");
    if (report.drive.caching != Caching::Direct)
        std::cout << "\nThe folder's file system has no direct access: the drive's figures are those of the system's cache, and plans do not "
                     "use them.\n";
    if (!report.drive.uring)
        std::cout << "\nio_uring was not measured: " << report.drive.whyNoUring << "\n";
}

nlohmann::ordered_json toJson(const IoRate& rate) {
    return {{"read_bytes_per_second", rate.readBytesPerSecond}, {"write_bytes_per_second", rate.writeBytesPerSecond}};
}

nlohmann::ordered_json toJson(const MachineReport& report) {
    nlohmann::ordered_json drive = {{"engine", bestEngine(report.drive) == IoEngine::Uring ? "io_uring" : "thread_pool"},
                                    {"direct", report.drive.caching == Caching::Direct},
                                    {"written_bytes", report.drive.writtenBytes},
                                    {"thread_pool", toJson(report.drive.threadPool)}};
    if (report.drive.uring)
        drive["io_uring"] = toJson(*report.drive.uring);
    return {{"processor", report.processor},
            {"cores", report.cores},
            {"threads", report.threads},
            {"instructions", report.instructions},
            {"total_ram_bytes", report.ramTotalBytes},
            {"free_ram_bytes", report.ramFreeBytes},
            {"free_disk_bytes", report.diskFreeBytes},
            {"memory_bytes_per_second", report.memoryBytes},
            {"product_flops", {{"fp32", report.productFlopsFp32}, {"bf16", report.productFlopsBf16}, {"fp16", report.productFlopsFp16}}},
            {"training",
             {{"forward_flops", report.training.forwardFlops},
              {"backward_flops", report.training.backwardFlops},
              {"kept_backward_flops", report.training.keptBackwardFlops},
              {"head_flops", report.training.headFlops},
              {"update_bytes_per_second", report.training.updateBytes},
              {"copy_bytes_per_second", report.training.copyBytes}}},
            {"drive", drive},
            {"streaming_hidden_from_tokens", hiddenFromTokens(report)}};
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
    else {
        printProcessor(*report);
        printTraining(*report, *spec);
        printMemory(*report);
        printDrive(*report, !options.quick);
    }
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
