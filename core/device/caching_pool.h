// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "device/device.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace gsst {

/// Where a pool has its memory from. Both are called one at a time, under the pool's lock, and must not call the pool.
struct MemorySource {
    std::function<std::byte*(int64_t bytes)> take;  ///< at least 64-byte aligned; nullptr: there is none left
    std::function<void(std::byte* data, int64_t bytes)> giveBack;
};

/// An allocation that a pool could not serve.
struct PoolRefusal {
    int64_t wanted = 0;  ///< bytes that would have been in use
    int64_t there = 0;   ///< bytes that could have been: the limit, or where the source had less, about what it had
};

/// A counted, capped, caching allocator. Freed blocks are kept by exact rounded size and reused; when an allocation
/// would push what is held over the limit, cached blocks are given back first, and only then is it refused. Never looks
/// into the memory, which may be a device's. Thread-safe.
class CachingPool {
public:
    CachingPool(int64_t limitBytes, MemorySource source);  ///< 0 = no limit
    ~CachingPool();                                        ///< also ends what is still given out
    CachingPool(const CachingPool&) = delete;
    CachingPool& operator=(const CachingPool&) = delete;

    /// Aligned as the source aligns; bytes 0 is allowed. Contents undefined. OutOfMemory says how much was asked for,
    /// in use and allowed; a refusal because of the limit leaves the pool, its cache included, as it was.
    Result<std::byte*> allocate(int64_t bytes);
    /// Who hears of every refusal, on the thread that asked and before it gets the error. To be set before the first
    /// allocation.
    void onRefusal(std::function<void(const PoolRefusal&)> hear);
    void free(std::byte* data);              ///< from this pool, any thread; nullptr is ignored
    bool owns(const std::byte* data) const;  ///< `data` is the start of a block that is given out
    PoolUsage usage() const;
    void resetPeak();
    /// Gives all cached blocks back to the source.
    void trim();

    /// Size an allocation of `bytes` (not negative) is counted with: a multiple of 64 bytes, of 4 KiB from 1 MiB on.
    static int64_t roundedBytes(int64_t bytes);

private:
    struct State;
    std::unique_ptr<State> m_state;
};

}  // namespace gsst
