// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "device/caching_pool.h"

#include <cstdint>

namespace gsst {

/// A pool of host memory: that of the CPU device, and what is counted of the RAM tier. It caches because fresh pages
/// for every activation would cost a quarter of the step. Memory is 64-byte
/// aligned, 4 KiB from 1 MiB on; blocks of 1 MiB and more leave the process as soon as they are given back.
class HostPool : public CachingPool {
public:
    explicit HostPool(int64_t limitBytes);              ///< 0 = no limit
    HostPool(int64_t limitBytes, MemorySource source);  ///< from elsewhere than the system
};

/// The system's memory.
MemorySource systemMemory();

}  // namespace gsst
