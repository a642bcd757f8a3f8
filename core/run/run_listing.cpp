// SPDX-License-Identifier: GPL-3.0-or-later
#include "run/run_listing.h"

#include "base/units.h"
#include "run/run_folder.h"
#include "spec/tensor_table.h"
#include "store/commit_log.h"
#include "store/run_lock.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <sstream>

namespace gsst {
namespace {

constexpr uint64_t kLargestMetrics = 256u << 20;
constexpr size_t kSparklinePoints = 64;

std::vector<float> lossesOf(FileSystem& files, const RunFolder& folder) {
    std::vector<float> losses;
    const auto text = readText(files, folder.metrics(), kLargestMetrics);
    if (!text.ok())
        return losses;
    std::istringstream lines(*text);
    for (std::string line; std::getline(lines, line);) {
        const nlohmann::json entry = nlohmann::json::parse(line, nullptr, false);
        if (entry.is_object() && entry.contains("event") && entry["event"] == "step" && entry.contains("loss") &&
            entry["loss"].is_number())
            losses.push_back(entry["loss"].get<float>());
    }
    return losses;
}

std::vector<float> thinned(const std::vector<float>& values) {
    if (values.size() <= kSparklinePoints)
        return values;
    std::vector<float> points;
    for (size_t i = 0; i < kSparklinePoints; ++i)
        points.push_back(values[i * (values.size() - 1) / (kSparklinePoints - 1)]);
    return points;
}

uint64_t folderBytes(FileSystem& files, const std::filesystem::path& folder) {
    uint64_t bytes = 0;
    if (const auto entries = files.list(folder); entries.ok())
        for (const DirectoryEntry& entry : *entries)
            bytes += entry.isDirectory ? folderBytes(files, entry.path) : entry.size;
    return bytes;
}

int64_t lastChangeOf(const RunFolder& folder) {
    std::error_code error;
    const auto time = std::filesystem::last_write_time(folder.head(), error);
    if (error)
        return 0;
    const auto age = std::filesystem::file_time_type::clock::now() - time;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(now - age).count();
}

RunInfo describe(FileSystem& files, const RunFolder& folder) {
    RunInfo info;
    info.folder = folder.root;
    info.name = folder.root.filename().string();
    info.lastChange = lastChangeOf(folder);
    info.bytesOnDisk = folderBytes(files, folder.root);
    const auto record = readRunRecord(files, folder);
    if (!record.ok()) {
        info.problem = record.error().text();
        return info;
    }
    const TensorTable table(record->spec.model);
    info.title = (record->spec.title.empty() ? record->spec.name : record->spec.title) + " · " +
                 formatCount(uint64_t(table.parameters())) + " parameters";
    info.steps = record->spec.training.steps;
    info.inUse = !lockRun(files, folder.root).ok();
    const auto newest = readNewestRecord(files, folder.root);
    if (!newest.ok())
        info.problem = newest.error().text();
    else
        info.step = newest->step;
    const std::vector<float> losses = lossesOf(files, folder);
    info.lossHistory = thinned(losses);
    info.lastLoss = losses.empty() ? 0.0 : double(losses.back());
    return info;
}

}  // namespace

Result<std::vector<RunInfo>> listRunFolders(FileSystem& files, const std::filesystem::path& runsFolder) {
    std::vector<RunInfo> runs;
    if (!files.exists(runsFolder))
        return runs;
    GSST_ASSIGN(const std::vector<DirectoryEntry> entries, files.list(runsFolder));
    for (const DirectoryEntry& entry : entries)
        if (const RunFolder folder{entry.path}; entry.isDirectory && files.exists(folder.runJson()))
            runs.push_back(describe(files, folder));
    std::stable_sort(runs.begin(), runs.end(),
                     [](const RunInfo& a, const RunInfo& b) { return a.lastChange > b.lastChange; });
    return runs;
}

}  // namespace gsst
