// SPDX-License-Identifier: GPL-3.0-or-later
#include "device/cpu_device.h"

#include <algorithm>
#include <utility>

namespace gsst {

Result<DeviceBuffer> CpuDevice::allocate(int64_t bytes) {
    GSST_ASSIGN(std::byte * data, m_pool.allocate(bytes));
    return DeviceBuffer(this, data, bytes);
}

void CpuDevice::free(std::byte* data, int64_t) {
    m_pool.free(data);
}

DeviceEvent CpuDevice::run(Stream, std::function<void()> work) {
    std::move(work)();
    return {};
}

DeviceEvent CpuDevice::copyIn(Stream, std::byte* device, std::span<const std::byte> host) {
    std::copy(host.begin(), host.end(), device);
    return {};
}

DeviceEvent CpuDevice::copyOut(Stream, std::span<std::byte> host, const std::byte* device) {
    std::copy_n(device, host.size(), host.begin());
    return {};
}

DeviceEvent CpuDevice::fillZero(Stream, std::byte* device, int64_t bytes) {
    std::fill_n(device, bytes, std::byte{0});
    return {};
}

}  // namespace gsst
