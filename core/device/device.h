// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/device_id.h"
#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

namespace gsst {

/// What the counted pool of a device has given out. `inUse` counts what is alive, `held` what the pool keeps from the
/// system (reuse included); held never exceeds the limit.
struct PoolUsage {
    int64_t limit = 0;  ///< 0 = no limit
    int64_t inUse = 0;
    int64_t peak = 0;  ///< highest inUse since resetPeak()
    int64_t held = 0;
};

class Device;

/// Memory of a device's pool; returned on destruction. Movable, not copyable; must not outlive its Device.
class DeviceBuffer {
public:
    DeviceBuffer() = default;
    DeviceBuffer(Device* device, std::byte* data, int64_t bytes) : m_device(device), m_data(data), m_bytes(bytes) {}
    DeviceBuffer(DeviceBuffer&& other) noexcept;
    DeviceBuffer& operator=(DeviceBuffer&& other) noexcept;
    ~DeviceBuffer();
    std::byte* data() const { return m_data; }
    int64_t size() const { return m_bytes; }
    explicit operator bool() const { return m_data != nullptr; }
    void release();

private:
    Device* m_device = nullptr;
    std::byte* m_data = nullptr;
    int64_t m_bytes = 0;
};

enum class Stream { Compute, Copy };

/// A point in a stream; value 0 is always done.
struct DeviceEvent {
    uint64_t value = 0;
};

/// Memory and order of one device. Torch-free: what is computed arrives as a closure. On the CPU everything runs at
/// once on the calling thread; on CUDA closures enqueue work on the stream; the delaying device of the tests runs them
/// on threads of its own after random delays, so that a missing wait shows. Owned and called by one thread (the compute
/// thread).
class Device {
public:
    virtual ~Device() = default;

    virtual DeviceKind kind() const = 0;
    /// From the capped pool; OutOfMemory says how much was asked for, in use and allowed. Contents undefined.
    virtual Result<DeviceBuffer> allocate(int64_t bytes) = 0;
    virtual PoolUsage usage() const = 0;  ///< any thread
    virtual void resetPeak() = 0;
    /// Gives cached memory back to the system (pause).
    virtual void trim() = 0;

    /// Runs `work` in the order of `stream`. The event is passed when the work is done.
    virtual DeviceEvent run(Stream stream, std::function<void()> work) = 0;
    virtual DeviceEvent copyIn(Stream stream, std::byte* device, std::span<const std::byte> host) = 0;
    virtual DeviceEvent copyOut(Stream stream, std::span<std::byte> host, const std::byte* device) = 0;
    virtual DeviceEvent fillZero(Stream stream, std::byte* device, int64_t bytes) = 0;
    /// Later work of `stream` starts after `event`.
    virtual void streamWait(Stream stream, DeviceEvent event) = 0;
    /// Blocks the calling thread until `event` has passed.
    virtual void hostWait(DeviceEvent event) = 0;

protected:
    friend class DeviceBuffer;
    virtual void free(std::byte* data, int64_t bytes) = 0;
};

}  // namespace gsst
