// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/computer_report.h"

#include "spec/json_text.h"

#include <cmath>
#include <type_traits>

namespace gsst {
namespace {

constexpr int kVersion = 3;

/// One list of the fields for both directions; the folder, which is no plain value, is not in it.
template <typename Report, typename Visit>
void forEachField(Report& report, const Visit& visit) {
    visit("measured_at", report.measuredAt);
    visit("recipe", report.recipe);
    visit("processor", report.processor);
    visit("cores", report.cores);
    visit("threads", report.threads);
    visit("instructions", report.instructions);
    visit("fast_bf16", report.fastBf16);
    visit("ram_total_bytes", report.ramTotalBytes);
    visit("ram_free_bytes", report.ramFreeBytes);
    visit("disk_free_bytes", report.diskFreeBytes);
    visit("memory_bytes", report.memoryBytes);
    visit("product_flops_fp32", report.productFlopsFp32);
    visit("product_flops_bf16", report.productFlopsBf16);
    visit("product_flops_fp16", report.productFlopsFp16);
    visit("forward_flops", report.forwardFlops);
    visit("backward_flops", report.backwardFlops);
    visit("kept_backward_flops", report.keptBackwardFlops);
    visit("head_flops", report.headFlops);
    visit("update_bytes", report.updateBytes);
    visit("copy_bytes", report.copyBytes);
    visit("read_bytes", report.readBytes);
    visit("write_bytes", report.writeBytes);
    visit("uring", report.uring);
    visit("pool_read_bytes", report.poolReadBytes);
    visit("pool_write_bytes", report.poolWriteBytes);
    visit("pool_processor", report.poolProcessor);
    visit("uring_read_bytes", report.uringReadBytes);
    visit("uring_write_bytes", report.uringWriteBytes);
    visit("uring_processor", report.uringProcessor);
    visit("why_no_uring", report.whyNoUring);
    visit("direct", report.direct);
    visit("sustained", report.sustained);
    visit("written_bytes", report.writtenBytes);
}

/// Whether everything that is divided by is there, and nothing is less than nothing.
bool isWhole(const ComputerReport& report) {
    bool whole = true;
    forEachField(report, [&whole](const char*, const auto& value) {
        if constexpr (std::is_same_v<decltype(value), const int64_t&>)
            whole = whole && value >= 0;
        else if constexpr (std::is_same_v<decltype(value), const double&>)
            whole = whole && value >= 0 && std::isfinite(value);
    });
    for (const double rate : {report.forwardFlops, report.backwardFlops, report.readBytes, report.writeBytes})
        whole = whole && rate > 0;
    return whole;
}

}  // namespace

std::string toJson(const ComputerReport& report) {
    Json json = {{"version", kVersion}, {"folder", report.folder.generic_string()}};
    forEachField(report, [&json](const char* key, const auto& value) { json[key] = value; });
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::optional<ComputerReport> parseComputerReport(const std::string& text) {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object() || !json.contains("version") || json.at("version") != Json(kVersion))
        return std::nullopt;
    ComputerReport report;
    try {
        forEachField(report, [&json](const char* key, auto& value) { json.at(key).get_to(value); });
        report.folder = json.at("folder").get<std::string>();
    } catch (const Json::exception&) { return std::nullopt; }
    return isWhole(report) ? std::optional(report) : std::nullopt;
}

}  // namespace gsst
