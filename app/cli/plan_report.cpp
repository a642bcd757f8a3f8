// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/plan_report.h"

#include "app/cli/text_table.h"
#include "base/units.h"
#include "service/tool_figures.h"

#include <cmath>
#include <iterator>

namespace gsst {
namespace {

using Align = TextColumn::Align;

constexpr size_t kWidth = 80;
constexpr const char* kKinds[] = {"weights", "gradients", "optimizer", "activations", "staging"};
constexpr const char* kTiers[] = {"device", "ram", "disk"};

std::string size(int64_t bytes) {
    return bytes == 0 ? std::string("-") : formatBytes(uint64_t(bytes));
}

std::string paragraph(const std::string& head, const std::string& text) {
    return tableLine({{Align::Left, head.size()}, {Align::Left, kWidth - head.size() - 1}}, {head, text});
}

std::string placesText(const PlanPreview& plan) {
    const std::vector<TextColumn> columns{
        {Align::Left, 14}, {Align::Right, 14}, {Align::Right, 11}, {Align::Right, 11}};
    std::string text = tableLine(columns, {"what it takes", "working memory", "RAM", "disk"});
    for (size_t kind = 0; kind < std::size(kKinds); ++kind)
        text += tableLine(
            columns, {kKinds[kind], size(plan.bytes[kind][0]), size(plan.bytes[kind][1]), size(plan.bytes[kind][2])});
    return text +
           tableLine(columns, {"peak", size(plan.devicePeakBytes), size(plan.ramPeakBytes), size(plan.diskBytes)});
}

/// How fast the drive was taken to be, for a run that needs it.
std::string driveText(const PlanPreview& plan) {
    if (!plan.usesDrive())
        return {};
    const std::string rates =
        formatRate(plan.driveReadRate) + " reading, " + formatRate(plan.driveWriteRate) + " writing";
    if (plan.driveMeasured)
        return paragraph("drive:  ", rates + ", as measured");
    return paragraph("drive:  ",
                     "NOT MEASURED: " + rates +
                         " are assumed, and times may be quite different. Measure it with 'gsst doctor FOLDER' (a "
                         "folder on the run's drive) or on the page This computer of the window; a run has a short "
                         "look when it starts");
}

std::string threadText(const PlanPreview& plan) {
    return plan.threadWarning.empty() ? std::string() : paragraph("threads:", "TOO MANY: " + plan.threadWarning);
}

std::string costText(const RunSpec& spec, const PlanPreview& plan) {
    return paragraph("a step: ", formatSeconds(plan.secondsPerStep) + " for " +
                                     std::to_string(spec.training.tokensPerStep()) + " tokens (" +
                                     std::to_string(std::llround(plan.tokensPerSecond)) + " tokens/s), " +
                                     nameOf(plan.bottleneck) + "-bound") +
           paragraph("disk:   ", !plan.usesDrive() ? std::string("nothing is read or written in a step")
                                                   : size(plan.readBytesPerStep) + " read and " +
                                                         size(plan.writtenBytesPerStep) + " written a step") +
           driveText(plan) + threadText(plan) +
           paragraph("the run:", formatDuration(plan.totalSeconds) + " for " + std::to_string(spec.training.steps) +
                                     " steps, " +
                                     formatBytes(uint64_t(plan.writtenBytesPerStep) * uint64_t(spec.training.steps)) +
                                     " written in all") +
           paragraph("memory: ",
                     formatBytes(uint64_t(plan.smallestDeviceBytes)) + " of working memory is the least that would do");
}

std::string kindsText(const std::vector<PlacedKind>& kinds) {
    const std::vector<TextColumn> columns{
        {Align::Left, 20}, {Align::Right, 9}, {Align::Left, 1}, {Align::Left, 17}, {Align::Left, 29}};
    std::string text = tableLine(columns, {"why it is there", "size", "", "where (slices)", "why"});
    for (const PlacedKind& kind : kinds)
        text += tableLine(columns, {kind.kind, size(kind.bytes), "", kind.where, kind.reason});
    return text;
}

std::string outcomesText(const std::string& title, const std::vector<PlanOutcome>& outcomes) {
    const std::vector<TextColumn> columns{{Align::Left, 23}, {Align::Right, 8}, {Align::Right, 9},
                                          {Align::Right, 9}, {Align::Left, 1},  {Align::Left, 25}};
    std::string text = tableLine(columns, {title, "a step", "read", "written", "", "update"});
    for (const PlanOutcome& outcome : outcomes) {
        const std::string name = (outcome.chosen ? "* " : "  ") + outcome.choice;
        if (outcome.problem.empty())
            text += tableLine(columns, {name, formatSeconds(outcome.secondsPerStep), size(outcome.readBytes),
                                        size(outcome.writtenBytes), "", outcome.updateRule});
        else
            text += tableLine({columns[0], {Align::Left, 56}}, {name, outcome.problem});
    }
    return text;
}

nlohmann::ordered_json outcomesJson(const std::vector<PlanOutcome>& outcomes) {
    auto all = nlohmann::ordered_json::array();
    for (const PlanOutcome& outcome : outcomes) {
        nlohmann::ordered_json one{{"choice", outcome.choice}, {"chosen", outcome.chosen}};
        if (outcome.problem.empty())
            one.update(figuresJson(outcome, FigureUse::LogOnly));
        else
            one["problem"] = outcome.problem;
        all.push_back(std::move(one));
    }
    return all;
}

nlohmann::ordered_json kindsJson(const std::vector<PlacedKind>& kinds) {
    auto all = nlohmann::ordered_json::array();
    for (const PlacedKind& kind : kinds)
        all.push_back(
            {{"kind", kind.kind},
             {"bytes", kind.bytes},
             {"slices", {{kTiers[0], kind.slices[0]}, {kTiers[1], kind.slices[1]}, {kTiers[2], kind.slices[2]}}},
             {"where", kind.where},
             {"reason", kind.reason}});
    return all;
}

}  // namespace

std::string planText(const RunSpec& spec, const PlanPreview& plan, const PlanExplanation& explanation) {
    std::string text = spec.name + ": " + formatCount(uint64_t(plan.parameters)) + " parameters, " +
                       std::to_string(plan.slices) + " slices, state " +
                       (plan.streamed ? "streamed from disk" : "in RAM") + "\n\n" + placesText(plan) + '\n' +
                       costText(spec, plan) + paragraph("update: ", plan.updateRule + ": " + explanation.updateReason) +
                       '\n' + kindsText(explanation.kinds);
    if (!explanation.updates.empty())
        text += '\n' + outcomesText("other updates (--update)", explanation.updates) +
                "  They change when slices are updated, not the result.\n";
    if (!explanation.clips.empty())
        text += '\n' + outcomesText("other clipping (--clip)", explanation.clips) +
                "  These change the result: other recipes for training.\n";
    text += '\n' + outcomesText("more memory", explanation.memory) +
            "\n* this plan. All figures are predictions; --program shows the step op by op.\n";
    return text;
}

nlohmann::ordered_json planJson(const PlanPreview& plan, const PlanExplanation& explanation) {
    nlohmann::ordered_json tiers;
    for (size_t kind = 0; kind < std::size(kKinds); ++kind)
        for (size_t tier = 0; tier < std::size(kTiers); ++tier)
            tiers[kKinds[kind]][kTiers[tier]] = plan.bytes[kind][tier];
    return {{"fits", plan.fits},
            {"parameters", plan.parameters},
            {"slices", plan.slices},
            {"streamed", plan.streamed},
            {"bytes", tiers},
            {"device_peak_bytes", plan.devicePeakBytes},
            {"smallest_device_bytes", plan.smallestDeviceBytes},
            {"ram_peak_bytes", plan.ramPeakBytes},
            {"disk_bytes", plan.diskBytes},
            {"read_bytes_per_step", plan.readBytesPerStep},
            {"written_bytes_per_step", plan.writtenBytesPerStep},
            {"seconds_per_step", plan.secondsPerStep},
            {"tokens_per_second", plan.tokensPerSecond},
            {"total_seconds", plan.totalSeconds},
            {"bottleneck", nameOf(plan.bottleneck)},
            {"drive_read_bytes_per_second", plan.driveReadRate},
            {"drive_write_bytes_per_second", plan.driveWriteRate},
            {"drive_measured", plan.driveMeasured},
            {"thread_warning", plan.threadWarning},
            {"update", plan.updateRule},
            {"update_reason", explanation.updateReason},
            {"break_even_clipped_share", explanation.breakEven},
            {"kinds", kindsJson(explanation.kinds)},
            {"updates", outcomesJson(explanation.updates)},
            {"clipping", outcomesJson(explanation.clips)},
            {"memory", outcomesJson(explanation.memory)}};
}

}  // namespace gsst
