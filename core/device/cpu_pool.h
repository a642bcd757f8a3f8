// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "device/device.h"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace gsst {

/// The counted, capped, caching allocator of the CPU device. Freed blocks are kept by exact rounded size and reused
/// (fresh pages for every activation would cost a quarter of the step); when an allocation would push what is held over the
/// limit, cached blocks are given back first, and only then is it refused. Thread-safe.
class CpuPool {
public:
    explicit CpuPool(int64_t limitBytes);  ///< 0 = no limit
    ~CpuPool();                            ///< also ends what is still given out
    CpuPool(const CpuPool&) = delete;
    CpuPool& operator=(const CpuPool&) = delete;

    /// 64-byte aligned (4 KiB from 1 MiB on); bytes 0 is allowed. Contents undefined. OutOfMemory says how much was asked for, in
    /// use and allowed; a refusal because of the limit leaves the pool, its cache included, as it was.
    Result<std::byte*> allocate(int64_t bytes);
    void free(std::byte* data);            ///< from this pool, any thread; nullptr is ignored
    bool owns(const std::byte* data) const;///< `data` is the start of a block that is given out
    PoolUsage usage() const;
    void resetPeak();
    /// Gives all cached blocks back to the system; those of 1 MiB and more leave the process at once.
    void trim();

    /// Size an allocation of `bytes` (not negative) is counted with.
    static int64_t roundedBytes(int64_t bytes);

private:
    struct State;
    std::unique_ptr<State> m_state;
};

}  // namespace gsst
