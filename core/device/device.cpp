// SPDX-License-Identifier: GPL-3.0-or-later
#include "device/device.h"

#include <utility>

namespace gsst {

DeviceBuffer::DeviceBuffer(DeviceBuffer&& other) noexcept
    : m_device(std::exchange(other.m_device, nullptr)), m_data(std::exchange(other.m_data, nullptr)),
      m_bytes(std::exchange(other.m_bytes, 0)) {}

DeviceBuffer& DeviceBuffer::operator=(DeviceBuffer&& other) noexcept {
    if (this != &other) {
        release();
        m_device = std::exchange(other.m_device, nullptr);
        m_data = std::exchange(other.m_data, nullptr);
        m_bytes = std::exchange(other.m_bytes, 0);
    }
    return *this;
}

DeviceBuffer::~DeviceBuffer() {
    release();
}

void DeviceBuffer::release() {
    if (m_device && m_data)
        m_device->free(m_data, m_bytes);
    m_device = nullptr;
    m_data = nullptr;
    m_bytes = 0;
}

}  // namespace gsst
