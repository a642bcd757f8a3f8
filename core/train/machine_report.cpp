// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/machine_report.h"

#include "base/clock.h"
#include "nn/linear.h"
#include "train/compute_probe.h"
#include "train/machine.h"

#include <ATen/ATen.h>
#include <ATen/cpu/Utils.h>

#include <algorithm>
#include <thread>
#include <utility>

namespace gsst {
namespace {

constexpr int64_t kProductSize = 1024;
constexpr int64_t kCopiedFloats = int64_t{32} << 20;  ///< 128 MiB: more than caches hold
constexpr int kLeastRounds = 3;
constexpr int kMostRounds = 100;
constexpr double kEnoughSeconds = 0.5;

/// Seconds of the shortest of several calls, after one to warm up.
double shortestOf(const std::function<void()>& work) {
    work();
    double shortest = 1e9;
    const Stopwatch total;
    for (int round = 0; round < kLeastRounds || (round < kMostRounds && total.seconds() < kEnoughSeconds); ++round) {
        const Stopwatch watch;
        work();
        shortest = std::min(shortest, watch.seconds());
    }
    return std::max(1e-9, shortest);
}

double productFlops(at::ScalarType type) {
    const at::InferenceMode guard;
    const at::Tensor a = at::ones({kProductSize, kProductSize}, type), b = at::ones({kProductSize, kProductSize}, type);
    at::Tensor product = at::empty_like(a);
    return 2.0 * double(kProductSize * kProductSize * kProductSize) / shortestOf([&] { at::matmul_out(product, a, b); });
}

double widenedProductFlops() {
    const at::InferenceMode guard;
    const at::Tensor a = at::ones({kProductSize, kProductSize}, at::kHalf), b = at::ones({kProductSize, kProductSize}, at::kHalf);
    const at::Tensor product = at::empty_like(a);
    return 2.0 * double(kProductSize * kProductSize * kProductSize) / shortestOf([&] { linearInto(product, a, b, Products::Widened); });
}

double memoryBytes() {
    const at::InferenceMode guard;
    const at::Tensor from = at::ones({kCopiedFloats}, at::kFloat);
    const at::Tensor to = at::ones({kCopiedFloats}, at::kFloat);
    return 2.0 * double(kCopiedFloats) * sizeof(float) / shortestOf([&] { to.copy_(from); });
}

void describeProcessor(MachineReport& report) {
    const auto capabilities = at::cpu::get_cpu_capabilities();
    const auto value = [&](const char* name) {
        const auto found = capabilities.find(name);
        return found == capabilities.end() ? c10::IValue() : found->second;
    };
    const auto has = [&](const char* name) {
        const c10::IValue flag = value(name);
        return flag.isBool() && flag.toBool();
    };
    const c10::IValue name = value("cpu_name"), cores = value("num_physical_cores");
    report.threads = std::max(1u, std::thread::hardware_concurrency());
    report.processor = name.isString() ? name.toStringRef() : "unknown processor";
    report.cores = cores.isInt() ? cores.toInt() : report.threads;
    constexpr std::pair<const char*, const char*> kSets[] = {{"avx2", "AVX2"}, {"avx512_f", "AVX-512"}, {"avx512_bf16", "AVX-512 BF16"},
                                                             {"amx_bf16", "AMX BF16"}, {"neon", "NEON"}, {"sve", "SVE"}, {"sve_bf16", "SVE BF16"}};
    for (const auto& [flag, label] : kSets)
        if (has(flag))
            report.instructions.emplace_back(label);
    report.fastBf16 = has("avx512_bf16") || has("amx_bf16") || has("sve_bf16");
}

}  // namespace

Result<MachineReport> reportMachine(FileSystem& files, const ReportOptions& options, std::stop_token stop) {
    const auto begin = [&](const char* what) -> Status {
        if (stop.stop_requested())
            return Error{ErrorCode::Cancelled, "The measurement was stopped", "", "it was asked to", "Start it again when it suits"};
        if (options.progress)
            options.progress({what, 0, 100, "%"});
        return {};
    };
    MachineReport report;
    GSST_ASSIGN(const uint64_t space, files.freeSpace(options.folder));
    report.diskFreeBytes = int64_t(space);
    describeProcessor(report);
    report.ramTotalBytes = totalRamBytes();
    report.ramFreeBytes = availableRamBytes();
    GSST_TRY(begin("Measuring the memory"));
    report.memoryBytes = memoryBytes();
    GSST_TRY(begin("Measuring matrix products"));
    report.productFlopsFp32 = productFlops(at::kFloat);
    report.productFlopsBf16 = productFlops(at::kBFloat16);
    report.productFlopsFp16 = widenedProductFlops();
    GSST_TRY(begin("Measuring a layer of the model"));
    MachineCache arithmetic;
    arithmetic.products = probeProducts();
    keepMeasurements(files, arithmetic);
    TrainSpec training = options.spec.training;
    settleProducts(files, training);
    const ProbeShape shape = probeShapeOf(options.spec.model, training);
    GSST_ASSIGN(report.training, probeCompute(shape));
    arithmetic.compute[shape.key()] = report.training;
    keepMeasurements(files, arithmetic);
    GSST_TRY(begin("Measuring the drive"));
    IoProbeOptions drive;
    drive.bytes = options.driveBytes;
    drive.sustainedBytes = options.sustainedBytes;
    drive.progress = [&](double share) {
        if (options.progress)
            options.progress({"Measuring the drive", uint64_t(100 * share), 100, "%"});
    };
    GSST_ASSIGN(report.drive, probeIo(files, options.folder, drive, std::move(stop)));
    if (const std::string key = driveIdentity(options.folder); !key.empty() && report.drive.caching == Caching::Direct) {
        MachineCache measured;
        measured.drives[key] = ratesOf(report.drive);
        keepMeasurements(files, measured);
    }
    return report;
}

}  // namespace gsst
