// SPDX-License-Identifier: GPL-3.0-or-later
#include "run/run_folder.h"

#include "machine/product_choice.h"
#include "spec/json_text.h"

#include <algorithm>
#include <span>
#include <utility>

namespace gsst {
namespace {

constexpr uint64_t kLargestRunJson = 4u << 20;
constexpr uint64_t kRunJsonVersion = 4;
constexpr size_t kMostNamedFiles = 1000;  // run.json stays small, whatever folder the text came from

Error broken(const RunFolder& folder, const std::string& why) {
    return {ErrorCode::Corrupt, "The run's description cannot be used", folder.runJson().string(), why,
            "Restore run.json from a backup; slots and tokens in the folder are untouched"};
}

/// The oldest one that can say what the record says.
uint64_t versionOf(const RunRecord& record) {
    if (record.spec.training.precision == Precision::Bf16 && productsOf(record.spec.training) == Products::Upcast)
        return kRunJsonVersion;
    if (record.ranks > 1)
        return 3;
    return record.replans.empty() ? 1 : 2;
}

Json jsonOf(const Replan& replan) {
    return {{"first_step", replan.firstStep},
            {"micro_batch", replan.microBatch},
            {"micro_batch_before", replan.microBatchBefore},
            {"device_bytes", replan.ceilings.deviceBytes},
            {"ram_bytes", replan.ceilings.ramBytes}};
}

/// InvalidInput if it is not what jsonOf() makes of a replan.
Result<Replan> replanOf(const Json& json) {
    Replan replan;
    const std::pair<const char*, int64_t*> fields[] = {{"first_step", &replan.firstStep},
                                                       {"micro_batch", &replan.microBatch},
                                                       {"micro_batch_before", &replan.microBatchBefore},
                                                       {"device_bytes", &replan.ceilings.deviceBytes},
                                                       {"ram_bytes", &replan.ceilings.ramBytes}};
    for (const auto& [key, value] : fields) {
        if (!json.is_object() || !json.contains(key) || !json[key].is_number_integer() || json[key].get<int64_t>() < 0)
            return Error{ErrorCode::InvalidInput, "", "",
                         std::string("an entry of \"replans\" has no usable \"") + key + "\"", ""};
        *value = json[key].get<int64_t>();
    }
    return replan;
}

Status readReplans(const Json& json, std::vector<Replan>& replans) {
    if (!json.is_array())
        return Error{ErrorCode::InvalidInput, "", "", "\"replans\" is not a list", ""};
    for (const Json& each : json) {
        GSST_ASSIGN(const Replan replan, replanOf(each));
        replans.push_back(replan);
    }
    return {};
}

Status readRank(const Json& json, RunRecord& record) {
    const auto number = [&json](const char* key) {
        const bool there = json.is_object() && json.contains(key) && json[key].is_number_integer();
        return there ? json[key].get<int64_t>() : -1;
    };
    const int64_t rank = number("rank"), ranks = number("ranks");
    if (ranks < 2 || ranks > 1024 || rank < 0 || rank >= ranks)
        return Error{ErrorCode::InvalidInput, "", "", "\"parallel\" has no usable \"rank\" and \"ranks\"", ""};
    record.rank = int(rank);
    record.ranks = int(ranks);
    return {};
}

}  // namespace

Status writeRunRecord(FileSystem& files, const RunFolder& folder, const RunRecord& record) {
    Json json;
    json["gsst_run"] = versionOf(record);
    json["device"] = nameOf(record.device);
    const std::span named(record.textFiles.data(), std::min(record.textFiles.size(), kMostNamedFiles));
    json["text"] = {{"files", std::vector<std::string>(named.begin(), named.end())}, {"bytes", record.textBytes}};
    json["spec"] = Json::parse(toJson(record.spec));
    if (record.ranks > 1)
        json["parallel"] = {{"rank", record.rank}, {"ranks", record.ranks}};
    for (const Replan& replan : record.replans)
        json["replans"].push_back(jsonOf(replan));
    return writeTextAtomically(files, folder.runJson(),
                               json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

Result<RunRecord> readRunRecord(FileSystem& files, const RunFolder& folder) {
    if (!files.exists(folder.runJson()))
        return Error{ErrorCode::NotFound, "There is no run in this folder", folder.root.string(), "it has no run.json",
                     "Name the folder that was given to 'gsst train --run'"};
    GSST_ASSIGN(const std::string text, readText(files, folder.runJson(), kLargestRunJson));
    const auto parsed = parseJson(text, "", folder.runJson().string(), {.bytes = kLargestRunJson});
    if (!parsed.ok())
        return broken(folder, "it is not valid JSON; " + parsed.error().why);
    const Json& json = *parsed;
    if (!json.is_object() || !json.contains("gsst_run") || !json["gsst_run"].is_number_unsigned())
        return broken(folder, "the key \"gsst_run\" (its version) is missing");
    if (json["gsst_run"].get<uint64_t>() > kRunJsonVersion)
        return Error{ErrorCode::NewerVersion, "This run was written by a newer version of GSST Studio",
                     folder.runJson().string(),
                     "its format is " + json["gsst_run"].dump() + ", this program knows up to " +
                         std::to_string(kRunJsonVersion),
                     "Update GSST Studio; nothing in the folder was changed"};
    if (!json.contains("spec") || !json["spec"].is_object())
        return broken(folder, "the key \"spec\" is missing");
    RunRecord record;
    GSST_ASSIGN(record.spec, parseRunSpec(json["spec"].dump(), folder.runJson().string()));
    if (leavesProductsOpen(record.spec.training))
        record.spec.training.products = ProductChoice::Native;  // a run from before there was a choice
    if (json.contains("device") && json["device"].is_string()) {
        const auto device = parseDevice(json["device"].get<std::string>());
        if (!device.ok())
            return broken(folder, "the key \"device\" names none; " + device.error().why);
        record.device = *device;
    }
    if (json.contains("text") && json["text"].is_object()) {
        const Json& source = json["text"];
        if (source.contains("bytes") && source["bytes"].is_number_unsigned())
            record.textBytes = source["bytes"].get<uint64_t>();
        if (source.contains("files") && source["files"].is_array())
            for (const Json& file : source["files"])
                if (file.is_string())
                    record.textFiles.push_back(file.get<std::string>());
    }
    if (json.contains("parallel"))
        if (const Status status = readRank(json["parallel"], record); !status.ok())
            return broken(folder, status.error().why);
    if (json.contains("replans"))
        if (const Status status = readReplans(json["replans"], record.replans); !status.ok())
            return broken(folder, status.error().why);
    return record;
}

}  // namespace gsst
