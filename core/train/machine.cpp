// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/machine.h"

#include "base/clock.h"
#include "train/compute_probe.h"
#include "train/machine_cache.h"

#include <ATen/ATen.h>

#include <atomic>
#include <mutex>
#include <optional>

namespace gsst {
namespace {

constexpr double kShareOfFreeRam = 0.7;

/// LibTorch's libraries and heap, thread stacks, the tokenizer's and the tables' memory: 390 to 470 MiB seen on Linux.
constexpr int64_t kProgramBytes = int64_t{448} << 20;

constexpr uint64_t kQuickProbeBytes = uint64_t{128} << 20;
constexpr const char* kCacheFile = "machine.json";

std::atomic<int> g_runs = 0;

/// The folder itself or the nearest one above it that is there.
std::filesystem::path existingPart(FileSystem& files, std::filesystem::path folder) {
    while (!folder.empty() && !files.exists(folder) && folder != folder.parent_path())
        folder = folder.parent_path();
    return folder.empty() ? std::filesystem::path(".") : folder;
}

/// Drives are told apart by their size: good enough for rates, and the same on every platform. Empty if it has none.
std::string driveOf(const std::filesystem::path& folder) {
    std::error_code error;
    const auto space = std::filesystem::space(folder, error);
    return error ? std::string() : std::to_string(space.capacity) + " bytes";
}

DriveRates ratesOf(const IoProbe& probe) {
    const bool uring = bestEngine(probe) == IoEngine::Uring;
    const IoRate& rate = uring ? *probe.uring : probe.threadPool;
    return {rate.readBytesPerSecond, rate.writeBytesPerSecond, uring};
}

/// FLOP/s of one large product.
double productFlops(at::ScalarType type) {
    constexpr int64_t kSize = 1024;
    const at::InferenceMode guard;
    const at::Tensor a = at::ones({kSize, kSize}, type), b = at::ones({kSize, kSize}, type);
    double best = 0;
    const Stopwatch total;
    for (int i = 0; i < 3 || (i < 100 && total.seconds() < 0.5); ++i) {
        const Stopwatch watch;
        const at::Tensor c = at::matmul(a, b);
        best = std::max(best, 2.0 * double(kSize * kSize * kSize) / std::max(1e-9, watch.seconds()));
    }
    return best;
}

/// All measurements of this process.
class Measurements {
public:
    void keep(FileSystem& files, const MachineCache& added) {
        const std::lock_guard lock(m_mutex);
        load(files);
        for (const auto& [key, rates] : added.compute)
            m_known.compute[key] = rates;
        for (const auto& [key, rates] : added.drives)
            m_known.drives[key] = rates;
        added.save(files, m_file, m_machine);
    }

    static Measurements& instance() {
        static Measurements measurements;
        return measurements;
    }

    ComputeRates compute(FileSystem& files, const RunSpec& spec) {
        const std::lock_guard lock(m_mutex);
        load(files);
        const ProbeShape shape = probeShapeOf(spec.model, spec.training);
        const std::string key = shape.key();
        if (const auto known = m_known.compute.find(key); known != m_known.compute.end())
            return known->second;
        const auto rates = probeCompute(shape);
        if (!rates.ok())
            return {};
        m_known.compute[key] = *rates;
        if (g_runs == 0) {
            MachineCache added;
            added.compute[key] = *rates;
            added.save(files, m_file, m_machine);
        }
        return *rates;
    }

    std::optional<DriveRates> drive(FileSystem& files, const std::filesystem::path& folder, DriveProbe probe) {
        const std::lock_guard lock(m_mutex);
        load(files);
        const std::string key = driveOf(folder);
        if (const auto known = m_known.drives.find(key); known != m_known.drives.end())
            return known->second;
        if (probe == DriveProbe::KnownOnly || key.empty())
            return std::nullopt;
        IoProbeOptions options;
        options.bytes = kQuickProbeBytes;
        const auto measured = probeIo(files, folder, options, {});
        if (!measured.ok() || measured->caching != Caching::Direct)
            return std::nullopt;
        m_known.drives[key] = ratesOf(*measured);
        if (g_runs == 0) {
            MachineCache added;
            added.drives[key] = m_known.drives[key];
            added.save(files, m_file, m_machine);
        }
        return m_known.drives[key];
    }

private:
    void load(FileSystem& files) {
        if (!m_machine.empty())
            return;
        m_machine = machineName();
        if (const std::filesystem::path folder = userCacheFolder(); !folder.empty())
            m_file = folder / kCacheFile;
        m_known = MachineCache::load(files, m_file, m_machine);
    }

    std::mutex m_mutex;
    std::string m_machine;
    std::filesystem::path m_file;
    MachineCache m_known;
};

}  // namespace

MachineLimits machineLimits(FileSystem& files, const std::filesystem::path& folder) {
    MachineLimits limits;
    limits.ramBytes = int64_t(double(availableRamBytes()) * kShareOfFreeRam);
    limits.programBytes = kProgramBytes;
    if (auto space = files.freeSpace(existingPart(files, folder)); space.ok())
        limits.diskBytes = int64_t(*space);
    return limits;
}

Machine measureMachine(FileSystem& files, const std::filesystem::path& folder, const RunSpec& spec, DriveProbe probe) {
    Machine machine;
    machine.profile.compute = Measurements::instance().compute(files, spec);
    if (const auto drive = Measurements::instance().drive(files, existingPart(files, folder), probe)) {
        machine.profile.readBytesPerSecond = drive->readBytesPerSecond;
        machine.profile.writeBytesPerSecond = drive->writeBytesPerSecond;
        machine.engine = drive->uring ? IoEngine::Uring : IoEngine::ThreadPool;
    }
    return machine;
}

Result<MachineReport> reportMachine(FileSystem& files, const ReportOptions& options, std::stop_token stop) {
    const auto tell = [&](const char* what, uint64_t done, uint64_t total) {
        if (options.progress)
            options.progress({what, done, total, "%"});
    };
    MachineReport report;
    report.machine = machineName();
    report.ramBytes = availableRamBytes();
    GSST_ASSIGN(const uint64_t space, files.freeSpace(options.folder));
    report.diskBytes = int64_t(space);
    tell("Measuring matrix products", 0, 100);
    report.productFlopsFp32 = productFlops(at::kFloat);
    report.productFlopsBf16 = productFlops(at::kBFloat16);
    tell("Measuring a layer of the model", 0, 100);
    const ProbeShape shape = probeShapeOf(options.spec.model, options.spec.training);
    GSST_ASSIGN(report.training, probeCompute(shape));
    IoProbeOptions drive;
    drive.bytes = options.driveBytes;
    drive.sustainedBytes = options.sustainedBytes;
    drive.progress = [&](double share) { tell("Measuring the drive", uint64_t(100 * share), 100); };
    GSST_ASSIGN(report.drive, probeIo(files, options.folder, drive, std::move(stop)));
    MachineCache added;
    added.compute[shape.key()] = report.training;
    if (const std::string key = driveOf(options.folder); !key.empty() && report.drive.caching == Caching::Direct)
        added.drives[key] = ratesOf(report.drive);
    Measurements::instance().keep(files, added);
    return report;
}

MachineInUse::MachineInUse() { ++g_runs; }
MachineInUse::~MachineInUse() { --g_runs; }

}  // namespace gsst
