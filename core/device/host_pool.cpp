// SPDX-License-Identifier: GPL-3.0-or-later
#include "device/host_pool.h"

#include "device/system_memory.h"

#include <new>
#include <utility>

namespace gsst {
namespace {

constexpr int64_t kLargeFrom = 1 << 20;
constexpr std::align_val_t kSmallAlignment{64};

std::byte* takeMemory(int64_t bytes) {
    if (bytes >= kLargeFrom)
        return takePages(size_t(bytes));
    return static_cast<std::byte*>(::operator new(size_t(bytes), kSmallAlignment, std::nothrow));
}

void returnMemory(std::byte* data, int64_t bytes) {
    if (bytes >= kLargeFrom)
        returnPages(data, size_t(bytes));
    else
        ::operator delete(data, kSmallAlignment);
}

}  // namespace

MemorySource systemMemory() {
    return {takeMemory, returnMemory};
}

HostPool::HostPool(int64_t limitBytes) : HostPool(limitBytes, systemMemory()) {}
HostPool::HostPool(int64_t limitBytes, MemorySource source) : CachingPool(limitBytes, std::move(source)) {}

}  // namespace gsst
