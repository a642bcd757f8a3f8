// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "device/device.h"
#include "device/host_pool.h"

namespace gsst {

/// The processor as a device: memory from a HostPool, all work at once on the calling thread, every event already
/// passed.
class CpuDevice : public Device {
public:
    explicit CpuDevice(HostPool& pool) : m_pool(pool) {}  ///< the pool must outlive it

    DeviceKind kind() const override { return DeviceKind::Cpu; }
    Result<DeviceBuffer> allocate(int64_t bytes) override;
    PoolUsage usage() const override { return m_pool.usage(); }
    void resetPeak() override { m_pool.resetPeak(); }
    void trim() override { m_pool.trim(); }

    DeviceEvent run(Stream stream, std::function<void()> work) override;
    DeviceEvent copyIn(Stream stream, std::byte* device, std::span<const std::byte> host) override;
    DeviceEvent copyOut(Stream stream, std::span<std::byte> host, const std::byte* device) override;
    DeviceEvent fillZero(Stream stream, std::byte* device, int64_t bytes) override;
    void streamWait(Stream, DeviceEvent) override {}
    void hostWait(DeviceEvent) override {}

protected:
    void free(std::byte* data, int64_t bytes) override;

private:
    HostPool& m_pool;
};

}  // namespace gsst
