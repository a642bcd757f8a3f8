// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/run_folder.h"

#include <nlohmann/json.hpp>

namespace gsst {
namespace {

constexpr uint64_t kLargestRunJson = 4u << 20;
constexpr int kRunJsonVersion = 1;

Error broken(const RunFolder& folder, const std::string& why) {
    return {ErrorCode::Corrupt, "The run's description cannot be used", folder.runJson().string(), why,
            "Restore run.json from a backup; slots and tokens in the folder are untouched"};
}

}  // namespace

Status writeRunRecord(FileSystem& files, const RunFolder& folder, const RunRecord& record) {
    nlohmann::ordered_json json;
    json["gsst_run"] = kRunJsonVersion;
    json["device"] = record.device;
    json["text"] = {{"files", record.textFiles}, {"bytes", record.textBytes}};
    json["spec"] = nlohmann::ordered_json::parse(toJson(record.spec));
    return writeTextAtomically(files, folder.runJson(), json.dump(2) + "\n");
}

Result<RunRecord> readRunRecord(FileSystem& files, const RunFolder& folder) {
    if (!files.exists(folder.runJson()))
        return Error{ErrorCode::NotFound, "There is no run in this folder", folder.root.string(), "it has no run.json",
                     "Name the folder that was given to 'gsst train --run'"};
    GSST_ASSIGN(const std::string text, readText(files, folder.runJson(), kLargestRunJson));
    const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object())
        return broken(folder, "it is not valid JSON");
    if (!json.contains("gsst_run") || !json["gsst_run"].is_number_integer())
        return broken(folder, "the key \"gsst_run\" (its version) is missing");
    if (json["gsst_run"].get<int64_t>() > kRunJsonVersion)
        return Error{ErrorCode::NewerVersion, "This run was written by a newer version of GSST Studio", folder.runJson().string(),
                     "its format is " + std::to_string(json["gsst_run"].get<int64_t>()) + ", this program knows up to " +
                         std::to_string(kRunJsonVersion),
                     "Update GSST Studio; nothing in the folder was changed"};
    if (!json.contains("spec") || !json["spec"].is_object())
        return broken(folder, "the key \"spec\" is missing");
    RunRecord record;
    GSST_ASSIGN(record.spec, parseRunSpec(json["spec"].dump(), folder.runJson().string()));
    if (json.contains("device") && json["device"].is_string())
        record.device = json["device"].get<std::string>();
    if (json.contains("text") && json["text"].is_object()) {
        const nlohmann::json& source = json["text"];
        if (source.contains("bytes") && source["bytes"].is_number_unsigned())
            record.textBytes = source["bytes"].get<uint64_t>();
        if (source.contains("files") && source["files"].is_array())
            for (const nlohmann::json& file : source["files"])
                if (file.is_string())
                    record.textFiles.push_back(file.get<std::string>());
    }
    return record;
}

}  // namespace gsst
