// SPDX-License-Identifier: GPL-3.0-or-later
#include "machine/machine.h"

#include "machine/compute_probe.h"
#include "service/computer_summary.h"

#include <torch/headeronly/version.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace gsst {
namespace {

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

/// All measurements of this process.
class Measurements {
public:
    void keep(FileSystem& files, const MachineCache& added) {
        const std::lock_guard lock(m_mutex);
        load(files);
        add(m_known, added);
        added.save(files, m_file, m_machine);
    }

    static Measurements& instance() {
        static Measurements measurements;
        return measurements;
    }

    ComputeRates compute(FileSystem& files, ComputeBackend& backend, const RunSpec& spec) {
        const std::lock_guard lock(m_mutex);
        load(files);
        const ProbeShape shape = probeShapeOf(spec.model, spec.training);
        const std::string key = cacheKey(backend.id(), shape);
        if (const ComputeRates* known = find(&MachineCache::compute, key))
            return *known;
        const auto rates = probeCompute(backend, shape);
        if (!rates.ok())
            return {};
        MachineCache measured;
        measured.compute[key] = *rates;
        learn(files, measured);
        return *rates;
    }

    ProductRates products(FileSystem& files, ComputeBackend& backend) {
        const std::lock_guard lock(m_mutex);
        if (backend.id() != DeviceId{})
            return backend.probeProducts();  // the cache's are the processor's
        load(files);
        forgetDisturbed();
        for (const MachineCache* cache : {&m_known, &m_disturbed})
            if (cache->products.known())
                return cache->products;
        MachineCache measured;
        measured.products = backend.probeProducts();
        learn(files, measured);
        return measured.products;
    }

    std::optional<DriveRates> drive(FileSystem& files, const std::filesystem::path& folder, DriveProbe probe) {
        const std::lock_guard lock(m_mutex);
        load(files);
        const std::string key = driveIdentity(folder);
        if (const DriveRates* known = find(&MachineCache::drives, key))
            return *known;
        if (probe == DriveProbe::KnownOnly || key.empty())
            return std::nullopt;
        IoProbeOptions options;
        options.bytes = kQuickProbeBytes;
        const auto probed = probeIo(files, folder, options, {});
        if (!probed.ok() || probed->caching != Caching::Direct)
            return std::nullopt;
        MachineCache measured;
        measured.drives[key] = ratesOf(*probed);
        learn(files, measured);
        return measured.drives[key];
    }

private:
    static void add(MachineCache& to, const MachineCache& added) {
        for (const auto& [key, rates] : added.compute)
            to.compute.insert_or_assign(key, rates);
        for (const auto& [key, rates] : added.drives)
            to.drives.insert_or_assign(key, rates);
        if (added.products.known())
            to.products = added.products;
    }

    void forgetDisturbed() {
        if (g_runs == 0)
            m_disturbed = {};
    }

    /// None if it is not known. What was measured beside a run counts as long as runs go on.
    template <typename Rates>
    const Rates* find(std::map<std::string, Rates> MachineCache::* kind, const std::string& key) {
        forgetDisturbed();
        for (const MachineCache* cache : {&m_known, &m_disturbed})
            if (const auto found = (cache->*kind).find(key); found != (cache->*kind).end())
                return &found->second;
        return nullptr;
    }

    void learn(FileSystem& files, const MachineCache& measured) {
        if (g_runs > 0)
            return add(m_disturbed, measured);
        add(m_known, measured);
        measured.save(files, m_file, m_machine);
    }

    /// Also what other programs have measured meanwhile: a window may be open for days.
    void load(FileSystem& files) {
        if (m_machine.empty()) {
            m_machine = machineName() + ", LibTorch " + TORCH_VERSION + ", GSST Studio " + GSST_VERSION;
            if (const std::filesystem::path folder = userCacheFolder(); !folder.empty())
                m_file = folder / kCacheFile;
        }
        std::error_code none;
        const auto written =
            m_file.empty() ? std::filesystem::file_time_type() : std::filesystem::last_write_time(m_file, none);
        if (none || written == m_read)
            return;
        m_read = written;
        add(m_known, MachineCache::load(files, m_file, m_machine));
    }

    std::mutex m_mutex;
    std::string m_machine;
    std::filesystem::path m_file;
    std::filesystem::file_time_type m_read{};  ///< when what was read last had been written
    MachineCache m_known;
    MachineCache m_disturbed;  ///< measured while a run computed
};

}  // namespace

std::string cacheKey(const DeviceId& device, const ProbeShape& shape) {
    return device == DeviceId{} ? shape.key() : nameOf(device) + "-" + shape.key();
}

MachineLimits machineLimits(FileSystem& files, const ComputeBackend& backend, const std::filesystem::path& folder) {
    MachineLimits limits;
    limits.deviceBytes = backend.memoryLimit();
    limits.ramBytes = int64_t(double(availableRamBytes()) * kShareOfFreeRam);
    limits.programBytes = kProgramBytes;
    if (auto space = files.freeSpace(existingPart(files, folder)); space.ok())
        limits.diskBytes = int64_t(*space);
    return limits;
}

Machine measureMachine(FileSystem& files, ComputeBackend& backend, const std::filesystem::path& folder,
                       const RunSpec& spec, DriveProbe probe) {
    Machine machine;
    machine.profile.compute = Measurements::instance().compute(files, backend, spec);
    if (const auto drive = Measurements::instance().drive(files, existingPart(files, folder), probe)) {
        machine.profile.readBytesPerSecond = drive->readBytesPerSecond;
        machine.profile.writeBytesPerSecond = drive->writeBytesPerSecond;
        machine.profile.driveMeasured = true;
        machine.engine = drive->uring ? IoEngine::Uring : IoEngine::ThreadPool;
    }
    return machine;
}

HardwareProfile withDriveAtMost(HardwareProfile profile, double bytesPerSecond) {
    if (bytesPerSecond > 0)
        for (double* rate : {&profile.readBytesPerSecond, &profile.writeBytesPerSecond})
            *rate = std::min(*rate, bytesPerSecond);
    return profile;
}

ProductRates measureProducts(FileSystem& files, ComputeBackend& backend) {
    return Measurements::instance().products(files, backend);
}

void resolveProducts(FileSystem& files, ComputeBackend& backend, TrainSpec& training) {
    // A measurement has no error of its own: where it fails, products stay native.
    static_cast<void>(
        resolveProducts(training, [&]() -> Result<ProductRates> { return measureProducts(files, backend); }));
}

void keepMeasurements(FileSystem& files, const MachineCache& added) {
    Measurements::instance().keep(files, added);
}

DriveRates ratesOf(const IoProbe& probe) {
    const bool uring = bestEngine(probe) == IoEngine::Uring;
    const IoRate& rate = uring ? *probe.uring : probe.threadPool;
    return {rate.readBytesPerSecond, rate.writeBytesPerSecond, uring};
}

bool MachineInUse::now() {
    return g_runs > 0;
}
MachineInUse::MachineInUse() {
    ++g_runs;
}
MachineInUse::~MachineInUse() {
    --g_runs;
}

}  // namespace gsst
