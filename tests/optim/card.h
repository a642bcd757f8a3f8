// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "device/cuda_device.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <span>
#include <vector>

namespace gsst::test {

/// Compares bytes: a NaN equals itself, and 0 is not -0.
template <typename T>
bool sameBits(const std::vector<T>& a, const std::vector<T>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

/// The first card of this machine, and memory on it, which lasts as long as this.
class Card {
public:
    static bool isThere() { return !cudaDevices().empty(); }

    void open() {
        auto created = CudaDevice::create(0, 0);
        ASSERT_TRUE(created.ok()) << created.error().text();
        m_device = std::move(*created);
    }
    ~Card() {
        m_buffers.clear();
        if (m_device) {
            EXPECT_TRUE(m_device->status().ok()) << m_device->status().error().text();
        }
    }

    void* stream() const { return m_device->nativeStream(Stream::Compute); }

    /// A copy of `values` on the card.
    template <typename T>
    T* upload(const std::vector<T>& values) {
        auto buffer = m_device->allocate(int64_t(values.size() * sizeof(T)));
        EXPECT_TRUE(buffer.ok());
        std::byte* data = buffer->data();
        m_device->hostWait(m_device->copyIn(Stream::Compute, data, std::as_bytes(std::span(values))));
        m_buffers.push_back(std::move(*buffer));
        return reinterpret_cast<T*>(data);
    }
    template <typename T>
    void download(std::vector<T>& values, const T* data) {
        m_device->hostWait(m_device->copyOut(Stream::Compute, std::as_writable_bytes(std::span(values)),
                                             reinterpret_cast<const std::byte*>(data)));
    }

private:
    std::unique_ptr<CudaDevice> m_device;
    std::vector<DeviceBuffer> m_buffers;
};

}  // namespace gsst::test
