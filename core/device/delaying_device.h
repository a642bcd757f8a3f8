// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "device/device.h"
#include "device/host_pool.h"

#include <chrono>
#include <memory>

namespace gsst {

/// Test twin of a GPU: each stream is a thread that runs what it was given in order, each piece after a seeded random
/// delay. Whoever forgets to wait for an event reads or writes too early, sooner or later, and ThreadSanitizer sees it
/// at once.
///
/// A freed buffer goes back to the pool at once, as in a caching allocator that knows one stream: the memory may be
/// given out again while Compute still has older work on it, because what is enqueued on Compute later runs later. Work
/// of Copy on fresh memory needs a streamWait for what Compute was given before. To show mistakes, a free enqueues on
/// Compute that the memory is filled with 0xFF (NaN). Memory leaves the pool only after both streams are idle.
///
/// `work` must not throw, and must not allocate from `pool`: its allocations would come too late in the order of frees.
class DelayingDevice : public Device {
public:
    /// The pool must outlive the device. `longestDelay` bounds the delay before a piece of work.
    DelayingDevice(HostPool& pool, uint64_t seed,
                   std::chrono::microseconds longestDelay = std::chrono::microseconds(300));
    ~DelayingDevice() override;  ///< runs everything that was enqueued
    DelayingDevice(const DelayingDevice&) = delete;
    DelayingDevice& operator=(const DelayingDevice&) = delete;

    DeviceKind kind() const override { return DeviceKind::Cpu; }
    Result<DeviceBuffer> allocate(int64_t bytes) override;
    PoolUsage usage() const override { return m_pool.usage(); }
    void resetPeak() override { m_pool.resetPeak(); }
    void trim() override;

    DeviceEvent run(Stream stream, std::function<void()> work) override;
    DeviceEvent copyIn(Stream stream, std::byte* device, std::span<const std::byte> host) override;
    DeviceEvent copyOut(Stream stream, std::span<std::byte> host, const std::byte* device) override;
    DeviceEvent fillZero(Stream stream, std::byte* device, int64_t bytes) override;
    void streamWait(Stream stream, DeviceEvent event) override;
    void hostWait(DeviceEvent event) override;

protected:
    void free(std::byte* data, int64_t bytes) override;

private:
    struct Streams;

    void waitForAll();

    HostPool& m_pool;
    std::unique_ptr<Streams> m_streams;
};

}  // namespace gsst
