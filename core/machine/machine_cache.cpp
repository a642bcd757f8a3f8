// SPDX-License-Identifier: GPL-3.0-or-later
#include "machine/machine_cache.h"

#include "spec/json_text.h"

#include <chrono>
#include <cmath>

namespace gsst {
namespace {

constexpr uint64_t kLargestFile = 1u << 20;
constexpr int kVersion = 2;
constexpr int kAttempts = 50;
constexpr std::chrono::milliseconds kPause{10};

/// Nobody else adds to the file meanwhile. None if somebody holds it all the time, or if it cannot be had.
std::unique_ptr<FileLock> lockOf(FileSystem& files, std::filesystem::path file, Clock& clock) {
    file += ".lock";
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        auto lock = files.lock(file);
        if (lock.ok())
            return std::move(lock).value();
        if (lock.error().code != ErrorCode::Busy)
            return nullptr;
        clock.sleepFor(kPause);
    }
    return nullptr;
}

/// False unless all numbers are there and are rates.
bool readRates(const Json& entry, std::initializer_list<std::pair<const char*, double*>> rates) {
    for (const auto& [name, value] : rates) {
        if (!entry.is_object() || !entry.contains(name) || !entry[name].is_number())
            return false;
        *value = entry[name].get<double>();
        if (!std::isfinite(*value) || *value <= 0)
            return false;
    }
    return true;
}

bool readCompute(const Json& entry, ComputeRates& rates) {
    return readRates(entry, {{"forward_flops", &rates.forwardFlops},
                             {"backward_flops", &rates.backwardFlops},
                             {"kept_backward_flops", &rates.keptBackwardFlops},
                             {"head_flops", &rates.headFlops},
                             {"update_bytes", &rates.updateBytes},
                             {"copy_bytes", &rates.copyBytes}});
}

bool readProducts(const Json& entry, ProductRates& rates) {
    return readRates(entry, {{"native_flops", &rates.nativeFlops}, {"widened_flops", &rates.upcastFlops}});
}

Json written(const ComputeRates& rates) {
    return {{"forward_flops", rates.forwardFlops},
            {"backward_flops", rates.backwardFlops},
            {"kept_backward_flops", rates.keptBackwardFlops},
            {"head_flops", rates.headFlops},
            {"update_bytes", rates.updateBytes},
            {"copy_bytes", rates.copyBytes}};
}

}  // namespace

MachineCache MachineCache::load(FileSystem& files, const std::filesystem::path& file, const std::string& machine) {
    MachineCache cache;
    if (file.empty() || !files.exists(file))
        return cache;
    const auto text = readText(files, file, kLargestFile);
    if (!text.ok())
        return cache;
    const auto json = parseJson(*text, "", file.string(), {.bytes = kLargestFile});
    const auto says = [&](const char* key, const Json& value) { return json->contains(key) && json->at(key) == value; };
    if (!json.ok() || !json->is_object() || !says("version", kVersion) || !says("machine", machine))
        return cache;
    if (json->contains("compute") && (*json)["compute"].is_object())
        for (const auto& [key, entry] : (*json)["compute"].items())
            if (ComputeRates rates; readCompute(entry, rates))
                cache.compute[key] = rates;
    if (json->contains("drives") && (*json)["drives"].is_object())
        for (const auto& [key, entry] : (*json)["drives"].items())
            if (DriveRates rates; readRates(
                    entry, {{"read_bytes", &rates.readBytesPerSecond}, {"write_bytes", &rates.writeBytesPerSecond}})) {
                rates.uring = entry.contains("uring") && entry["uring"].is_boolean() && entry["uring"].get<bool>();
                cache.drives[key] = rates;
            }
    if (ProductRates rates; json->contains("products") && readProducts((*json)["products"], rates))
        cache.products = rates;
    return cache;
}

void MachineCache::save(FileSystem& files, const std::filesystem::path& file, const std::string& machine,
                        Clock& clock) const {
    if (file.empty() || !files.makeFolders(file.parent_path()).ok())
        return;
    const std::unique_ptr<FileLock> lock = lockOf(files, file, clock);
    if (!lock)
        return;
    MachineCache all = load(files, file, machine);
    for (const auto& [key, rates] : compute)
        all.compute[key] = rates;
    for (const auto& [key, rates] : drives)
        all.drives[key] = rates;
    if (products.known())
        all.products = products;
    Json json = {{"version", kVersion}, {"machine", machine}, {"compute", Json::object()}, {"drives", Json::object()}};
    for (const auto& [key, rates] : all.compute)
        json["compute"][key] = written(rates);
    for (const auto& [key, rates] : all.drives)
        json["drives"][key] = {{"read_bytes", rates.readBytesPerSecond},
                               {"write_bytes", rates.writeBytesPerSecond},
                               {"uring", rates.uring}};
    if (all.products.known())
        json["products"] = {{"native_flops", all.products.nativeFlops}, {"widened_flops", all.products.upcastFlops}};
    static_cast<void>(
        writeTextAtomically(files, file, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"));
}

}  // namespace gsst
