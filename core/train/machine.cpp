// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/machine.h"

#include "base/clock.h"
#include "io/aligned_buffer.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <optional>
#include <vector>

namespace gsst {
namespace {

constexpr double kShareOfFreeRam = 0.7;

/// LibTorch's libraries and heap, thread stacks, the tokenizer's and the tables' memory: 390 to 470 MiB seen on Linux.
constexpr int64_t kProgramBytes = int64_t{448} << 20;

/// The best of a few products of [1024, 768] x [768, 768]: the shape of a small model's layer.
double matrixFlops(at::ScalarType type) {
    const at::InferenceMode guard;
    const at::Tensor a = at::ones({1024, 768}, type);
    const at::Tensor b = at::ones({768, 768}, type);
    const double flops = 2.0 * 1024 * 768 * 768;
    double best = 1;
    const Stopwatch total;
    for (int i = 0; i < 40 && (i < 3 || total.seconds() < 0.12); ++i) {
        const Stopwatch watch;
        const at::Tensor c = at::matmul(a, b);
        best = std::max(best, flops / std::max(1e-6, watch.seconds()));
    }
    return best;
}

double copyBytesPerSecond() {
    std::vector<std::byte> from(32u << 20, std::byte{1});
    std::vector<std::byte> to(from.size());
    double best = 1;
    for (int i = 0; i < 3; ++i) {
        const Stopwatch watch;
        std::memcpy(to.data(), from.data(), from.size());
        best = std::max(best, 2.0 * double(from.size()) / std::max(1e-6, watch.seconds()));
    }
    return best;
}

/// Writes and reads a temporary file as the engine does: direct, in large pieces.
void measureDrive(FileSystem& files, const std::filesystem::path& folder, HardwareProfile& profile) {
    constexpr size_t kPiece = 16u << 20;
    constexpr size_t kPieces = 4;
    const std::filesystem::path path = folder / ".gsst-speed-test";
    auto opened = files.open(path, OpenMode::Create, Caching::Direct);
    auto buffer = AlignedBuffer::create(kPiece);
    if (opened.ok() && buffer.ok()) {
        File& file = **opened;
        bool good = true;
        const Stopwatch writing;
        for (size_t i = 0; i < kPieces && good; ++i)
            good = file.write(i * kPiece, buffer->span()).ok();
        good = good && file.sync().ok();
        if (good)
            profile.writeBytesPerSecond = double(kPiece * kPieces) / std::max(1e-6, writing.seconds());
        const Stopwatch reading;
        for (size_t i = 0; i < kPieces && good; ++i)
            good = file.read(i * kPiece, buffer->span()).ok();
        if (good)
            profile.readBytesPerSecond = double(kPiece * kPieces) / std::max(1e-6, reading.seconds());
        opened->reset();
        static_cast<void>(files.remove(path).ok());
    }
}

}  // namespace

MachineLimits machineLimits(FileSystem& files, const std::filesystem::path& folder) {
    MachineLimits limits;
    limits.ramBytes = int64_t(double(availableRamBytes()) * kShareOfFreeRam);
    limits.programBytes = kProgramBytes;
    std::filesystem::path existing = folder;
    while (!existing.empty() && !files.exists(existing) && existing != existing.parent_path())
        existing = existing.parent_path();
    if (auto space = files.freeSpace(existing.empty() ? std::filesystem::path(".") : existing); space.ok())
        limits.diskBytes = int64_t(*space);
    return limits;
}

HardwareProfile measureHardware(FileSystem& files, const std::filesystem::path& folder) {
    static std::mutex mutex;
    static std::optional<HardwareProfile> compute;
    const std::lock_guard lock(mutex);
    if (!compute) {
        compute.emplace();
        compute->flopsFp32 = matrixFlops(at::kFloat);
        compute->flopsBf16 = matrixFlops(at::kBFloat16);
        compute->memoryBytesPerSecond = copyBytesPerSecond();
    }
    HardwareProfile profile = *compute;
    if (!folder.empty() && files.exists(folder))
        measureDrive(files, folder, profile);
    return profile;
}

}  // namespace gsst
