// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/device_id.h"
#include "base/result.h"
#include "compute/product_probe.h"
#include "device/caching_pool.h"
#include "device/device.h"
#include "engine/batch_math.h"
#include "plan/program/slicing.h"
#include "spec/tensor_table.h"
#include "spec/train_spec.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace gsst {

/// A device in use: its memory under a limit, and what orders its work. Destroying it gives all of that back; what was
/// allocated from it must be gone by then.
class OpenDevice {
public:
    virtual ~OpenDevice() = default;
    /// Counts every byte that is taken of the device: buffers of device() and temporaries of the mathematics alike.
    virtual CachingPool& pool() = 0;
    virtual Device& device() = 0;
};

/// What mathematics is made for. References must outlive it.
struct MathInputs {
    const TensorTable& table;
    std::vector<SliceRange> slices;  ///< cover all units in order
    const TrainSpec& training;       ///< this process's share of the recipe, its products settled
};

/// One kind of device as those see it who train, generate or measure: what it is called, what it offers, and how its
/// memory and its mathematics are made. Free of LibTorch. Making one takes nothing of the device yet. Each method may
/// be called from any thread; what it returns belongs to the caller.
class ComputeBackend {
public:
    virtual ~ComputeBackend() = default;

    virtual DeviceId id() const = 0;
    /// For sentences to users, without an article: "processor".
    virtual std::string title() const = 0;
    /// What its memory is limited to, in bytes, where a run's budget names no limit; 0 if it is the computer's own
    /// memory, which has a limit of its own.
    virtual int64_t memoryLimit() const = 0;
    /// Whether sums of blocks are made by the mathematics (see EngineParts::sumsWithMath).
    virtual bool sumsWithMath() const = 0;

    /// Opens the device with at most `limitBytes` of its memory; 0 = no limit.
    virtual Result<std::unique_ptr<OpenDevice>> open(int64_t limitBytes) = 0;
    /// Mathematics whose device pointers are those of `device`, which must outlive it.
    virtual std::unique_ptr<BatchMath> makeMath(MathInputs inputs, OpenDevice& device) = 0;
    /// How many cores of the processor work on what the calling thread computes from now on.
    virtual void useThreads(int64_t threads) = 0;

    /// How fast products in bf16 are in either way, measured now (see probeProducts()); not known where there is no
    /// choice.
    virtual ProductRates probeProducts() = 0;
};

/// The backend for `device`. A device that this build knows nothing of, or that this computer lacks, is the error of
/// deviceNotAvailable().
Result<std::unique_ptr<ComputeBackend>> createBackend(const DeviceId& device);

}  // namespace gsst
