// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/create_backend.h"

#include "compute/torch_slice_math.h"
#include "device/cpu_device.h"
#include "device/host_pool.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <utility>

namespace gsst {
namespace {

class OpenCpu : public OpenDevice {
public:
    explicit OpenCpu(int64_t limitBytes) : m_pool(limitBytes), m_device(m_pool) {}
    CachingPool& pool() override { return m_pool; }
    Device& device() override { return m_device; }

private:
    HostPool m_pool;
    CpuDevice m_device;
};

class CpuBackend : public ComputeBackend {
public:
    DeviceId id() const override { return {}; }
    std::string title() const override { return "processor"; }
    int64_t memoryLimit() const override { return 0; }
    bool sumsWithMath() const override { return true; }

    Result<std::unique_ptr<OpenDevice>> open(int64_t limitBytes) override {
        return std::unique_ptr<OpenDevice>(std::make_unique<OpenCpu>(limitBytes));
    }
    std::unique_ptr<BatchMath> makeMath(MathInputs inputs, OpenDevice& device) override {
        return std::make_unique<TorchSliceMath>(inputs.table, std::move(inputs.slices), inputs.training, device.pool());
    }
    void useThreads(int64_t threads) override { at::set_num_threads(int(std::max<int64_t>(1, threads))); }

    ProductRates probeProducts() override { return gsst::probeProducts(); }
};

}  // namespace

Result<std::unique_ptr<ComputeBackend>> createCpuBackend() {
    return std::unique_ptr<ComputeBackend>(std::make_unique<CpuBackend>());
}

}  // namespace gsst
