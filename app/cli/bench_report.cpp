// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/bench_report.h"

#include "base/units.h"
#include "service/tool_figures.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>

namespace gsst {
namespace {

/// Of the first way, which the others are held against.
double ratioOf(const BenchResult& result, const BenchVariant& variant) {
    return variant.median / std::max(1e-9, result.variants.front().median);
}

std::string bytes(int64_t count) {
    return formatBytes(uint64_t(std::max<int64_t>(0, count)));
}

/// One line for each figure, one column for each way.
void printRow(const BenchResult& result, const char* name,
              const std::function<std::string(const BenchVariant&)>& cell) {
    std::printf("%-26s", name);
    for (const BenchVariant& variant : result.variants)
        std::printf(" %14s", cell(variant).c_str());
    std::printf("\n");
}

std::string fixed(double value, int digits) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.*f", digits, value);
    return text;
}

void printComputeByKind(const BenchResult& result) {
    std::map<std::string, std::map<BenchWay, double>> byKind;
    for (const BenchVariant& variant : result.variants)
        for (const auto& [kind, seconds] : variant.computeByKind)
            byKind[kind][variant.way] = seconds;
    for (const auto& [kind, seconds] : byKind)
        printRow(result, ("  " + kind).c_str(), [&](const BenchVariant& variant) {
            return seconds.contains(variant.way) ? fixed(seconds.at(variant.way), 3) : std::string("-");
        });
}

nlohmann::ordered_json secondsJson(const std::vector<std::pair<std::string, double>>& secondsByKind) {
    auto object = nlohmann::ordered_json::object();
    for (const auto& [kind, seconds] : secondsByKind)
        object[kind] = seconds;
    return object;
}

}  // namespace

void printBench(const BenchResult& result) {
    const double parameters = double(result.parameters);
    std::printf("%s parameters, %lld tokens a step; medians of alternating groups\n\n",
                formatCount(uint64_t(result.parameters)).c_str(), static_cast<long long>(result.tokensPerStep));
    printRow(result, "", [](const BenchVariant& variant) { return std::string(nameOf(variant.way)); });
    printRow(result, "seconds a step", [](const BenchVariant& variant) { return fixed(variant.median, 3); });
    printRow(result, "  predicted", [](const BenchVariant& variant) { return fixed(variant.predictedSeconds, 3); });
    printRow(result, "tokens a second", [&](const BenchVariant& variant) {
        return fixed(double(result.tokensPerStep) / std::max(1e-9, variant.median), 0);
    });
    printRow(result, "GFLOP a second", [](const BenchVariant& variant) {
        return fixed(variant.flops / std::max(1e-9, variant.median) / 1e9, 0);
    });
    printRow(result, "waiting for reads, s", [](const BenchVariant& variant) { return fixed(variant.readWait, 3); });
    printRow(result, "waiting for writes, s", [](const BenchVariant& variant) { return fixed(variant.writeWait, 3); });
    printRow(result, "computing, s", [](const BenchVariant& variant) { return fixed(variant.computeSeconds, 3); });
    printComputeByKind(result);
    printRow(result, "disk alone, s", [](const BenchVariant& variant) { return fixed(variant.diskSeconds, 3); });
    printRow(result, "step / roofline", [](const BenchVariant& variant) {
        return fixed(variant.median / std::max(1e-9, variant.rooflineSeconds), 3);
    });
    printRow(result, "read, B/parameter",
             [&](const BenchVariant& variant) { return fixed(variant.readBytes / parameters, 2); });
    printRow(result, "  predicted",
             [&](const BenchVariant& variant) { return fixed(double(variant.predictedReadBytes) / parameters, 2); });
    printRow(result, "written, B/parameter",
             [&](const BenchVariant& variant) { return fixed(variant.writtenBytes / parameters, 2); });
    printRow(result, "  predicted",
             [&](const BenchVariant& variant) { return fixed(double(variant.predictedWrittenBytes) / parameters, 2); });
    printRow(result, "device peak", [](const BenchVariant& variant) { return bytes(variant.devicePeak); });
    printRow(result, "  predicted", [](const BenchVariant& variant) { return bytes(variant.predictedDevicePeak); });
    printRow(result, "RAM peak", [](const BenchVariant& variant) { return bytes(variant.ramPeak); });
    printRow(result, "  predicted", [](const BenchVariant& variant) { return bytes(variant.predictedRamPeak); });
    printRow(result, "update", [](const BenchVariant& variant) { return variant.updateRule; });
    printRow(result, "clipped steps, %",
             [](const BenchVariant& variant) { return fixed(100 * variant.clippedShare, 0); });
    if (result.theoryReadBytesPerParameter > 0)
        std::printf("\nBy the design an untied model on disk reads %.2f and writes %.2f B/parameter a step.\n",
                    result.theoryReadBytesPerParameter, result.theoryWrittenBytesPerParameter);
    for (size_t i = 1; i < result.variants.size(); ++i)
        std::printf("%s / %s: %.3f\n", nameOf(result.variants[i].way), nameOf(result.variants.front().way),
                    ratioOf(result, result.variants[i]));
}

void printSweep(const std::string& what, const std::vector<SweepPoint>& points) {
    std::printf("%-16s %10s %10s %10s %8s %10s %10s %10s %10s %10s  %s\n", what.c_str(), "way", "s/step", "predicted",
                "ratio", "read wait", "write wait", "read MB/s", "writ. MB/s", "/ roofline", "update");
    for (const SweepPoint& point : points)
        for (const BenchVariant& variant : point.result.variants) {
            const double seconds = std::max(1e-9, variant.median);
            std::printf("%-16s %10s %10.3f %10.3f %8.3f %10.3f %10.3f %10.0f %10.0f %10.3f  %s\n", point.value.c_str(),
                        nameOf(variant.way), variant.median, variant.predictedSeconds, ratioOf(point.result, variant),
                        variant.readWait, variant.writeWait, variant.readBytes / seconds / 1e6,
                        variant.writtenBytes / seconds / 1e6, seconds / std::max(1e-9, variant.rooflineSeconds),
                        variant.updateRule.c_str());
        }
}

nlohmann::ordered_json benchJson(const BenchResult& result) {
    nlohmann::ordered_json variants = nlohmann::ordered_json::array();
    for (const BenchVariant& variant : result.variants) {
        Json one{{"name", nameOf(variant.way)}, {"ratio", ratioOf(result, variant)}};
        one.update(figuresJson(variant, FigureUse::LogOnly));
        one["compute_seconds_by_op"] = secondsJson(variant.computeByKind);
        variants.push_back(std::move(one));
    }
    return {{"parameters", result.parameters},
            {"tokens_per_step", result.tokensPerStep},
            {"variants", variants},
            {"theory_read_bytes_per_parameter", result.theoryReadBytesPerParameter},
            {"theory_written_bytes_per_parameter", result.theoryWrittenBytesPerParameter}};
}

nlohmann::ordered_json sweepJson(const std::string& what, const std::vector<SweepPoint>& points) {
    auto all = nlohmann::ordered_json::array();
    for (const SweepPoint& point : points)
        all.push_back({{"value", point.value}, {"result", benchJson(point.result)}});
    return {{"sweep", what}, {"points", all}};
}

}  // namespace gsst
