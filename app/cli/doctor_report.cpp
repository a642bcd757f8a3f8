// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/doctor_report.h"

#include "app/cli/text_table.h"
#include "base/units.h"
#include "service/computer_summary.h"

#include <cmath>
#include <ctime>

namespace gsst {
namespace {

std::string count(double value) {
    return formatCount(uint64_t(value));
}
std::string arithmetic(double flops) {
    return std::to_string(std::llround(flops / 1e9)) + " GFLOP/s";
}
std::string memorySpeed(double bytes) {
    return std::to_string(std::llround(bytes / 1e9)) + " GB/s";
}
std::string size(int64_t bytes) {
    return formatBytes(uint64_t(bytes));
}

std::string line(const char* name, const std::string& value, const std::string& meaning) {
    return tableLine({{TextColumn::Align::Left, 21}, {TextColumn::Align::Left, 19}, {TextColumn::Align::Left, 38}},
                     {name, value, meaning});
}

std::string paragraph(const std::string& text) {
    return '\n' + tableLine({{TextColumn::Align::Left, 80}}, {text});
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : ", ") + word;
    return text.empty() ? "none that are known here" : text;
}

/// In this computer's time zone: "2026-03-01 14:05".
std::string dateText(int64_t secondsSince1970) {
    const auto time = std::time_t(secondsSince1970);
    const std::tm* local = std::localtime(&time);
    char text[32];
    return local && std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M", local) > 0 ? text : "at an unknown time";
}

const char* bf16Text(Bf16Speed speed) {
    switch (speed) {
    case Bf16Speed::Faster:
        return "Much faster than fp32: --precision bf16 is the right choice.";
    case Bf16Speed::Slower:
        return "Slower than fp32, so training makes them in fp32 (--products auto): --precision bf16 saves memory and "
               "costs little time.";
    case Bf16Speed::Alike:
        break;
    }
    return "Not much faster than fp32: --precision fp32 costs little time.";
}

std::string processorText(const ComputerReport& report) {
    const std::string cores = std::to_string(report.cores) + (report.cores == 1 ? " core, " : " cores, ");
    return line("processor", cores + std::to_string(report.threads) + (report.threads == 1 ? " thread" : " threads"),
                "Vector instructions: " + joined(report.instructions) + "; bf16 products " +
                    (report.fastBf16 ? "are done by the processor itself." : "have to be imitated with fp32.")) +
           line("matrix product, fp32", arithmetic(report.productFlopsFp32),
                "The most that any layer can reach with --precision fp32.") +
           line("matrix product, bf16", arithmetic(report.productFlopsBf16), bf16Text(bf16Speed(report))) +
           line("matrix product, fp16", arithmetic(report.productFlopsFp16),
                "Done in fp32 on the processor: --precision fp16 saves memory here, not time.");
}

std::string trainingText(const ComputerReport& report) {
    return line("forward", arithmetic(report.forwardFlops),
                "What a layer like those of " + report.recipe + " reaches; plans reckon with it.") +
           line("backward", arithmetic(report.backwardFlops),
                "A model of 124 M parameters trains at about " + count(trainedTokensPerSecond(report, 124e6)) +
                    " tokens/s, one of 1.3 B at " + count(trainedTokensPerSecond(report, 1.3e9)) +
                    "; models up to about " + count(parametersInAWeek(report)) +
                    " parameters see 20 tokens a parameter within a week.") +
           line("loss and its gradient", arithmetic(report.headFlops),
                "Counts for small models with a large vocabulary.") +
           line("optimizer's update", memorySpeed(report.updateBytes),
                "A state of 12 bytes a parameter is updated at about " + count(updatedParametersPerSecond(report)) +
                    " parameters/s, in memory.");
}

std::string memoryText(const ComputerReport& report) {
    return line("memory", size(report.ramTotalBytes),
                size(report.ramFreeBytes) + " free: up to about " + count(parametersInRam(report)) +
                    " parameters train without the drive, larger models are streamed.") +
           line("memory, copying", memorySpeed(report.memoryBytes),
                memoryOutrunsDrive(report)
                    ? "Far more than the drive gives: memory will not hold streaming up."
                    : "Not much more than the drive gives: streaming takes time from the arithmetic.");
}

std::string processorTime(double secondsPerByte) {
    return std::to_string(std::lround(1000 * secondsPerByte * double(1 << 30))) + " ms";
}

std::string engineText(const ComputerReport& report) {
    if (report.uringReadBytes <= 0)
        return "Through a pool of threads, as io_uring cannot be used.";
    const std::string uring = processorTime(report.uringProcessor), pool = processorTime(report.poolProcessor);
    return report.uring ? "Through io_uring, the better way here, for " + uring +
                              " of processor time a GiB; a pool of threads takes " + pool + "."
                        : "Through a pool of threads, the better way here, for " + pool +
                              " of processor time a GiB; io_uring takes " + uring + ".";
}

std::string driveText(const ComputerReport& report) {
    std::string text = line("drive, reading", formatRate(report.readBytes), engineText(report)) +
                       line("drive, writing", formatRate(report.writeBytes),
                            (report.sustained ? "Kept up after " + size(report.writtenBytes) + " of writing. "
                                              : std::string("In a short look, without --quick it may be less. ")) +
                                "Streaming is hidden behind the arithmetic from about " +
                                count(hiddenFromTokens(report)) + " tokens a step.") +
                       line("drive, free", size(report.diskFreeBytes),
                            "Room for about " + count(parametersOnDrive(report, StatePreset::Exact)) +
                                " parameters with the state \"exact\", " +
                                count(parametersOnDrive(report, StatePreset::Lean)) + " with \"lean\".");
    if (!report.direct)
        text += paragraph(
            "The folder's file system has no direct access: the drive's figures are those of the system's cache, and "
            "plans do not use them.");
    if (!report.whyNoUring.empty())
        text += paragraph("io_uring was not measured: " + report.whyNoUring);
    return text;
}

}  // namespace

std::string doctorText(const ComputerReport& report) {
    return report.processor + "\nmeasured " + dateText(report.measuredAt) + "\ndrive of " + report.folder.string() +
           "\n\n" + processorText(report) + trainingText(report) + memoryText(report) + driveText(report);
}

nlohmann::ordered_json doctorJson(const ComputerReport& report) {
    const auto rates = [](double read, double write, double processor) {
        return nlohmann::ordered_json{{"read_bytes_per_second", read},
                                      {"write_bytes_per_second", write},
                                      {"processor_seconds_per_byte", processor}};
    };
    nlohmann::ordered_json drive = {
        {"engine", report.uring ? "io_uring" : "thread_pool"},
        {"direct", report.direct},
        {"sustained", report.sustained},
        {"written_bytes", report.writtenBytes},
        {"thread_pool", rates(report.poolReadBytes, report.poolWriteBytes, report.poolProcessor)}};
    if (report.uringReadBytes > 0)
        drive["io_uring"] = rates(report.uringReadBytes, report.uringWriteBytes, report.uringProcessor);
    return {{"measured_at", report.measuredAt},
            {"folder", report.folder.generic_string()},
            {"recipe", report.recipe},
            {"processor", report.processor},
            {"cores", report.cores},
            {"threads", report.threads},
            {"instructions", report.instructions},
            {"total_ram_bytes", report.ramTotalBytes},
            {"free_ram_bytes", report.ramFreeBytes},
            {"free_disk_bytes", report.diskFreeBytes},
            {"memory_bytes_per_second", report.memoryBytes},
            {"product_flops",
             {{"fp32", report.productFlopsFp32}, {"bf16", report.productFlopsBf16}, {"fp16", report.productFlopsFp16}}},
            {"training",
             {{"forward_flops", report.forwardFlops},
              {"backward_flops", report.backwardFlops},
              {"kept_backward_flops", report.keptBackwardFlops},
              {"head_flops", report.headFlops},
              {"update_bytes_per_second", report.updateBytes},
              {"copy_bytes_per_second", report.copyBytes}}},
            {"drive", drive},
            {"streaming_hidden_from_tokens", hiddenFromTokens(report)}};
}

}  // namespace gsst
