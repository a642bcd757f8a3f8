// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "device/device.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace gsst {

struct CudaDeviceInfo {
    int ordinal = 0;
    std::string name;
    int computeMajor = 0;  ///< 8 of compute capability 8.6
    int computeMinor = 0;
    int64_t memoryTotal = 0;
    int64_t memoryFree = 0;
};

/// The CUDA devices of this machine. Empty without a card, without a driver that fits, and in a build without CUDA.
/// Asks each card for its free memory, which takes some tenths of a second and some memory of the card.
std::vector<CudaDeviceInfo> cudaDevices();

/// Host memory that copies reach directly for as long as this lives.
using PinnedMemory = std::unique_ptr<std::byte, void (*)(std::byte*)>;

/// An NVIDIA card as a Device. Memory is that of a CachingPool over cudaMalloc. A freed buffer may be given out again
/// while Compute still has older work on it, because what is enqueued on Compute later runs later; work of Copy on
/// fresh memory needs a streamWait for what Compute was given before. Memory leaves the pool only after the card is
/// idle.
///
/// Closures given to run() are called at once, on the calling thread, and enqueue their work on nativeStream(). Host
/// memory of copies must stay as it is until their event has passed, pinned or not. The work of the device need not be
/// done when it is destroyed: the destructor waits.
///
/// The methods of Device that return no Status cannot tell that CUDA failed. The first failure is kept: status() and
/// every later allocate() return it, events after it count as passed, and results of the work since then are worthless.
class CudaDevice : public Device {
public:
    /// The pool is capped at `limitBytes` (0 = what the card has). Errors: no card, no driver that fits, a card that is
    /// too old, no such ordinal, or a build without CUDA.
    static Result<std::unique_ptr<CudaDevice>> create(int ordinal, int64_t limitBytes);

    DeviceKind kind() const final { return DeviceKind::Cuda; }
    virtual Status status() const = 0;
    /// The cudaStream_t of `stream`.
    virtual void* nativeStream(Stream stream) const = 0;
    /// Pins `host`, which must outlive the result, so that copies from and to it run beside computation; copies of
    /// memory that is not pinned are right but block the caller. Staging rings are pinned once, as a whole.
    virtual Result<PinnedMemory> pin(std::span<std::byte> host) = 0;
};

}  // namespace gsst
