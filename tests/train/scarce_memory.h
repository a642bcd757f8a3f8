// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/support/fake_backend.h"

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>

namespace gsst::test {

/// A device whose memory other programs use as well: there may be less of it than the pools' limits say.
class ScarceMemory {
public:
    static constexpr int64_t kPlenty = std::numeric_limits<int64_t>::max();

    void limitTo(int64_t bytes) { m_bytes = bytes; }
    /// The same while a trainer lives: what its pool keeps for later goes back.
    void seize(int64_t bytes) {
        limitTo(bytes);
        m_pool->trim();
    }

    /// The processor's, with this memory.
    std::unique_ptr<ComputeBackend> backend() {
        auto backend = std::make_unique<FakeBackend>();
        backend->opening = [this](int64_t limitBytes) -> Result<std::unique_ptr<OpenDevice>> {
            auto pool = std::make_unique<HostPool>(
                limitBytes, MemorySource{[this](int64_t bytes) { return take(bytes); },
                                         [this](std::byte* data, int64_t bytes) { giveBack(data, bytes); }});
            m_pool = pool.get();
            ++pools;
            if (onPool)
                onPool();
            return std::unique_ptr<OpenDevice>(std::make_unique<OpenFake>(std::move(pool)));
        };
        return backend;
    }

    std::function<void()> onPool;  ///< when a trainer is opened
    int pools = 0;
    int refusals = 0;

private:
    std::byte* take(int64_t bytes) {
        if (bytes > m_bytes - m_taken) {
            ++refusals;
            return nullptr;
        }
        std::byte* data = m_system.take(bytes);
        m_taken += data ? bytes : 0;
        return data;
    }
    void giveBack(std::byte* data, int64_t bytes) {
        m_system.giveBack(data, bytes);
        m_taken -= bytes;
    }

    MemorySource m_system = systemMemory();
    HostPool* m_pool = nullptr;  ///< the newest; only used while its trainer lives
    int64_t m_bytes = kPlenty;
    int64_t m_taken = 0;
};

}  // namespace gsst::test
