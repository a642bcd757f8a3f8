// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/compute_backend.h"
#include "device/cpu_device.h"
#include "device/delaying_device.h"
#include "device/host_pool.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace gsst::test {

/// The processor's own backend.
inline std::unique_ptr<ComputeBackend> cpuBackend() {
    auto backend = createBackend({});
    if (!backend.ok())
        throw std::runtime_error(backend.error().text());
    return std::move(*backend);
}

/// A device over a pool of host memory.
class OpenFake : public OpenDevice {
public:
    using DeviceMaker = std::function<std::unique_ptr<Device>(HostPool&)>;
    explicit OpenFake(std::unique_ptr<HostPool> pool, const DeviceMaker& makeDevice = {})
        : m_pool(std::move(pool)), m_device(makeDevice ? makeDevice(*m_pool) : std::make_unique<CpuDevice>(*m_pool)) {}
    CachingPool& pool() override { return *m_pool; }
    Device& device() override { return *m_device; }

private:
    std::unique_ptr<HostPool> m_pool;
    std::unique_ptr<Device> m_device;
};

/// The processor's backend, which tests give other answers and which remembers what it was asked.
class FakeBackend : public ComputeBackend {
public:
    DeviceId id() const override { return {}; }
    std::string title() const override { return "fake"; }
    int64_t memoryLimit() const override { return limit; }
    bool sumsWithMath() const override { return sums; }
    Result<std::unique_ptr<OpenDevice>> open(int64_t limitBytes) override {
        opened.push_back(limitBytes);
        return opening ? opening(limitBytes) : m_cpu->open(limitBytes);
    }
    std::unique_ptr<BatchMath> makeMath(MathInputs inputs, OpenDevice& device) override {
        ++maths;
        return m_cpu->makeMath(std::move(inputs), temporaries ? *temporaries : device);
    }
    void useThreads(int64_t count) override {
        threads = count;
        m_cpu->useThreads(count);
    }
    ProductRates probeProducts() override { return products; }

    std::function<Result<std::unique_ptr<OpenDevice>>(int64_t limitBytes)> opening;  ///< empty = the processor's
    std::unique_ptr<OpenDevice> temporaries;  ///< where those of the mathematics are; null = on the device
    int64_t limit = 0;
    bool sums = true;
    ProductRates products;

    std::vector<int64_t> opened;  ///< with these limits
    int maths = 0;
    int64_t threads = 0;

private:
    std::unique_ptr<ComputeBackend> m_cpu = cpuBackend();
};

/// One whose device works on threads of its own, after random delays. Temporaries have memory of their own: see
/// DelayingDevice.
inline std::unique_ptr<FakeBackend> delayingBackend(uint64_t seed) {
    auto backend = std::make_unique<FakeBackend>();
    backend->opening = [seed](int64_t limitBytes) -> Result<std::unique_ptr<OpenDevice>> {
        const auto delaying = [seed](HostPool& pool) { return std::make_unique<DelayingDevice>(pool, seed); };
        return std::unique_ptr<OpenDevice>(
            std::make_unique<OpenFake>(std::make_unique<HostPool>(limitBytes), delaying));
    };
    backend->temporaries = std::make_unique<OpenFake>(std::make_unique<HostPool>(0));
    return backend;
}

}  // namespace gsst::test
