// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "device/device.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

namespace gsst {

/// The counted, capped, caching allocator of the CPU device. Freed blocks are kept by exact rounded size and reused
/// (fresh pages for every activation would cost a quarter of the step); when an allocation would push what is held over the
/// limit, cached blocks are given back first, and only then is it refused. Thread-safe.
class CpuPool {
public:
    explicit CpuPool(int64_t limitBytes);  ///< 0 = no limit
    ~CpuPool();
    CpuPool(const CpuPool&) = delete;
    CpuPool& operator=(const CpuPool&) = delete;

    Result<std::byte*> allocate(int64_t bytes);  ///< 64-byte aligned (4 KiB from 1 MiB on); bytes 0 is allowed
    void free(std::byte* data);                  ///< must come from this pool
    bool owns(const std::byte* data) const;
    PoolUsage usage() const;
    void resetPeak();
    void trim();

    /// Size an allocation of `bytes` is counted with.
    static int64_t roundedBytes(int64_t bytes);

private:
    struct State;
    std::unique_ptr<State> m_state;
};

}  // namespace gsst
