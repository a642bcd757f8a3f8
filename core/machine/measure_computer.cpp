// SPDX-License-Identifier: GPL-3.0-or-later
#include "machine/measure_computer.h"

#include "base/cancelled.h"
#include "base/clock.h"
#include "io/async/io_probe.h"
#include "machine/compute_probe.h"
#include "machine/machine.h"
#include "machine/product_choice.h"
#include "nn/linear.h"

#include <ATen/ATen.h>
#include <ATen/cpu/Utils.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace gsst {
namespace {

constexpr int64_t kProductSize = 1024;
constexpr int64_t kCopiedFloats = int64_t{32} << 20;  ///< 128 MiB: more than caches hold
constexpr int kLeastRounds = 3;
constexpr int kMostRounds = 100;
constexpr double kEnoughSeconds = 0.5;
constexpr uint64_t kQuickBytes = uint64_t{128} << 20;  ///< of the drive's temporary file
constexpr uint64_t kThoroughBytes = uint64_t{1} << 30;
constexpr uint64_t kSustainedBytes = uint64_t{4} << 30;  ///< written first, to use the drive's fast cache up
constexpr uint64_t kLargestReport = 1u << 16;

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
    return 2.0 * double(kProductSize * kProductSize * kProductSize) /
           shortestOf([&] { at::matmul_out(product, a, b); });
}

double upcastProductFlops() {
    const at::InferenceMode guard;
    const at::Tensor a = at::ones({kProductSize, kProductSize}, at::kHalf),
                     b = at::ones({kProductSize, kProductSize}, at::kHalf);
    const at::Tensor product = at::empty_like(a);
    return 2.0 * double(kProductSize * kProductSize * kProductSize) /
           shortestOf([&] { linearInto(product, a, b, Products::Upcast); });
}

double memoryBytes() {
    const at::InferenceMode guard;
    const at::Tensor from = at::ones({kCopiedFloats}, at::kFloat);
    const at::Tensor to = at::ones({kCopiedFloats}, at::kFloat);
    return 2.0 * double(kCopiedFloats) * sizeof(float) / shortestOf([&] { to.copy_(from); });
}

void describeProcessor(ComputerReport& report) {
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
    constexpr std::pair<const char*, const char*> kSets[] = {
        {"avx2", "AVX2"}, {"avx512_f", "AVX-512"}, {"avx512_bf16", "AVX-512 BF16"}, {"amx_bf16", "AMX BF16"},
        {"neon", "NEON"}, {"sve", "SVE"},          {"sve_bf16", "SVE BF16"}};
    for (const auto& [flag, label] : kSets)
        if (has(flag))
            report.instructions.emplace_back(label);
    report.fastBf16 = has("avx512_bf16") || has("amx_bf16") || has("sve_bf16");
}

void tell(ComputerReport& report, const ComputeRates& rates) {
    report.forwardFlops = rates.forwardFlops;
    report.backwardFlops = rates.backwardFlops;
    report.keptBackwardFlops = rates.keptBackwardFlops;
    report.headFlops = rates.headFlops;
    report.updateBytes = rates.updateBytes;
    report.copyBytes = rates.copyBytes;
}

void tell(ComputerReport& report, const IoProbe& drive) {
    const DriveRates best = ratesOf(drive);
    report.readBytes = best.readBytesPerSecond;
    report.writeBytes = best.writeBytesPerSecond;
    report.uring = best.uring;
    report.poolReadBytes = drive.threadPool.readBytesPerSecond;
    report.poolWriteBytes = drive.threadPool.writeBytesPerSecond;
    report.poolProcessor = drive.threadPool.processorSecondsPerByte;
    if (drive.uring) {
        report.uringReadBytes = drive.uring->readBytesPerSecond;
        report.uringWriteBytes = drive.uring->writeBytesPerSecond;
        report.uringProcessor = drive.uring->processorSecondsPerByte;
    }
    report.whyNoUring = drive.whyNoUring;
    report.direct = drive.caching == Caching::Direct;
    report.writtenBytes = int64_t(drive.writtenBytes);
}

/// By its full path: who reads the report may be somewhere else.
std::filesystem::path named(const std::filesystem::path& folder) {
    std::error_code failed;
    std::filesystem::path full = std::filesystem::canonical(folder, failed);
    return failed ? folder : full;
}

/// Empty if the user has no folder for it.
std::filesystem::path reportFile() {
    const std::filesystem::path folder = userCacheFolder();
    return folder.empty() ? folder : folder / "computer.json";
}

/// That it fails is no harm: the report is shown all the same.
void keep(FileSystem& files, const ComputerReport& report) {
    if (const std::filesystem::path file = reportFile(); !file.empty() && files.makeFolders(file.parent_path()).ok())
        static_cast<void>(writeTextAtomically(files, file, toJson(report)));
}

}  // namespace

Result<ComputerReport> measureComputer(FileSystem& files, ComputeBackend& backend, const MeasurementOptions& options,
                                       std::stop_token stop) {
    const auto begin = [&](const char* what) -> Status {
        if (stop.stop_requested())
            return cancelled("Measuring this computer", "Start it again at any time");
        if (options.progress)
            options.progress({what, 0, 100, "%"});
        return {};
    };
    ComputerReport report;
    GSST_ASSIGN(const uint64_t space, files.freeSpace(options.folder));
    report.diskFreeBytes = int64_t(space);
    report.folder = named(options.folder);
    report.recipe = options.spec.name;
    report.sustained = !options.quick;
    describeProcessor(report);
    report.ramTotalBytes = totalRamBytes();
    report.ramFreeBytes = availableRamBytes();
    GSST_TRY(begin("Measuring the memory"));
    report.memoryBytes = memoryBytes();
    GSST_TRY(begin("Measuring matrix products"));
    report.productFlopsFp32 = productFlops(at::kFloat);
    report.productFlopsBf16 = productFlops(at::kBFloat16);
    report.productFlopsFp16 = upcastProductFlops();
    GSST_TRY(begin("Measuring a layer of the model"));
    MachineCache arithmetic;
    if (backend.id() == DeviceId{})
        arithmetic.products = backend.probeProducts();
    keepMeasurements(files, arithmetic);
    TrainSpec training = options.spec.training;
    resolveProducts(files, backend, training);
    const ProbeShape shape = probeShapeOf(options.spec.model, training);
    GSST_ASSIGN(const ComputeRates rates, probeCompute(backend, shape));
    arithmetic.compute[cacheKey(backend.id(), shape)] = rates;
    keepMeasurements(files, arithmetic);
    tell(report, rates);
    GSST_TRY(begin("Measuring the drive"));
    IoProbeOptions wanted;
    wanted.bytes = options.quick ? kQuickBytes : kThoroughBytes;
    wanted.sustainedBytes = options.quick ? 0 : kSustainedBytes;
    wanted.progress = [&](double share) {
        if (options.progress)
            options.progress({"Measuring the drive", uint64_t(100 * share), 100, "%"});
    };
    GSST_ASSIGN(const IoProbe drive, probeIo(files, options.folder, wanted, std::move(stop)));
    if (const std::string key = driveIdentity(options.folder); !key.empty() && drive.caching == Caching::Direct) {
        MachineCache measured;
        measured.drives[key] = ratesOf(drive);
        keepMeasurements(files, measured);
    }
    tell(report, drive);
    report.measuredAt =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    keep(files, report);
    return report;
}

std::optional<ComputerReport> lastComputerReport(FileSystem& files) {
    const std::filesystem::path file = reportFile();
    if (file.empty() || !files.exists(file))
        return std::nullopt;
    const auto text = readText(files, file, kLargestReport);
    return text.ok() ? parseComputerReport(*text) : std::nullopt;
}

}  // namespace gsst
