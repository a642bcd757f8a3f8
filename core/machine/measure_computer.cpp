// SPDX-License-Identifier: GPL-3.0-or-later
#include "machine/measure_computer.h"

#include "base/cancelled.h"
#include "base/usable_cores.h"
#include "io/async/io_probe.h"
#include "machine/compute_probe.h"
#include "machine/machine.h"
#include "machine/product_choice.h"
#include "tensors/tensor_library.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace gsst {
namespace {

constexpr uint64_t kQuickBytes = uint64_t{128} << 20;  ///< of the drive's temporary file
constexpr uint64_t kThoroughBytes = uint64_t{1} << 30;
constexpr uint64_t kSustainedBytes = uint64_t{4} << 30;  ///< written first, to use the drive's fast cache up
constexpr uint64_t kLargestReport = 1u << 16;

void describeProcessor(ComputerReport& report, const ProcessorFacts& facts) {
    report.threads = usableCores();
    report.processor = facts.name.empty() ? "unknown processor" : facts.name;
    report.cores = facts.cores > 0 ? facts.cores : report.threads;
    report.instructions = facts.instructions;
    report.fastBf16 = facts.fastBf16;
}

void tell(ComputerReport& report, const MatrixRates& rates) {
    report.productFlopsFp32 = rates.fp32Flops;
    report.productFlopsBf16 = rates.bf16Flops;
    report.productFlopsFp16 = rates.fp16Flops;
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
    GSST_ASSIGN(TensorLibrary * tensors, tensorLibrary());
    ComputerReport report;
    GSST_ASSIGN(const uint64_t space, files.freeSpace(options.folder));
    report.diskFreeBytes = int64_t(space);
    report.folder = named(options.folder);
    report.recipe = options.spec.name;
    report.sustained = !options.quick;
    describeProcessor(report, tensors->processorFacts());
    report.ramTotalBytes = totalRamBytes();
    report.ramFreeBytes = availableRamBytes();
    GSST_TRY(begin("Measuring the memory"));
    report.memoryBytes = tensors->probeMemory();
    GSST_TRY(begin("Measuring matrix products"));
    tell(report, tensors->probeMatrices());
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
