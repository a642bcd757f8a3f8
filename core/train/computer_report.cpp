// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/computer_report.h"

#include "spec/json_text.h"

namespace gsst {
namespace {

constexpr int kVersion = 1;

/// One list of the fields for both directions.
template <typename Report, typename Visit>
void forEachField(Report& report, const Visit& visit) {
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
    visit("update_bytes", report.updateBytes);
    visit("read_bytes", report.readBytes);
    visit("write_bytes", report.writeBytes);
    visit("uring", report.uring);
    visit("direct", report.direct);
    visit("why_no_uring", report.whyNoUring);
    visit("sustained", report.sustained);
    visit("measured_at", report.measuredAt);
}

}  // namespace

double tokenSeconds(const ComputerReport& report) { return 2 / report.forwardFlops + 6 / report.backwardFlops; }

double hiddenFromTokens(const ComputerReport& report) {
    // A forward sweep reads 12 bytes of state and 4 of gradient for each parameter, writes 12, and computes 2 FLOPs a token meanwhile.
    constexpr double kReadBytes = 16, kWrittenBytes = 12, kForwardFlops = 2;
    return (kReadBytes / report.readBytes + kWrittenBytes / report.writeBytes) * report.forwardFlops / kForwardFlops;
}

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
    } catch (const Json::exception&) {
        return std::nullopt;
    }
    for (const double rate : {report.forwardFlops, report.backwardFlops, report.readBytes, report.writeBytes})
        if (!(rate > 0))
            return std::nullopt;
    return report;
}

}  // namespace gsst
