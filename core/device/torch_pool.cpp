// SPDX-License-Identifier: GPL-3.0-or-later
#include "device/torch_pool.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/util/Exception.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace gsst {
namespace {

thread_local CachingPool* activePool = nullptr;

/// Which pool the memory of living tensors belongs to. The deleter of a tensor gets nothing but its address, because
/// torch's raw interface (raw_allocate, raw_deallocate) wants address and context to be the same.
class Owners {
public:
    void add(void* data, CachingPool& pool) {
        const std::lock_guard lock(m_mutex);
        m_pools.emplace(data, &pool);
    }
    /// nullptr: not from a pool.
    CachingPool* remove(void* data) {
        const std::lock_guard lock(m_mutex);
        const auto found = m_pools.find(data);
        if (found == m_pools.end())
            return nullptr;
        CachingPool* pool = found->second;
        m_pools.erase(found);
        return pool;
    }

private:
    std::mutex m_mutex;
    std::unordered_map<void*, CachingPool*> m_pools;
};

/// Never destroyed: tensors with static lifetime are freed after everything else.
Owners& owners() {
    static Owners& instance = *std::make_unique<Owners>().release();
    return instance;
}

void freeRaw(void* data);

/// Hands out pool memory inside a scope, and what the allocator before it gives otherwise.
class ScopedAllocator : public c10::Allocator {
public:
    explicit ScopedAllocator(c10::Allocator& before) : m_before(before) {}

    c10::DataPtr allocate(size_t bytes) override {
        if (!activePool)
            return m_before.allocate(bytes);
        if (bytes == 0)
            return {nullptr, nullptr, &freeRaw, c10::Device(c10::DeviceType::CPU)};
        auto data = activePool->allocate(bytes > size_t(INT64_MAX) ? INT64_MAX : int64_t(bytes));
        TORCH_CHECK_WITH(OutOfMemoryError, data.ok(), data.error().text());
        owners().add(*data, *activePool);
        return {*data, *data, &freeRaw, c10::Device(c10::DeviceType::CPU)};
    }

    /// For memory of both kinds.
    c10::DeleterFnPtr raw_deleter() const override { return m_before.raw_deleter() ? &freeRaw : nullptr; }

    void copy_data(void* to, const void* from, size_t bytes) const override { default_copy_data(to, from, bytes); }

    c10::Allocator& before() const { return m_before; }

private:
    c10::Allocator& m_before;
};

/// Registers the allocator when it is first asked for. Torch keeps a pointer to it for the life of the process, and so
/// do tensors (to resize their storage), so it is never destroyed either.
ScopedAllocator& installed() {
    constexpr uint8_t kPriority = 100;
    static ScopedAllocator& instance = []() -> ScopedAllocator& {
        ScopedAllocator& allocator = *std::make_unique<ScopedAllocator>(*c10::GetCPUAllocator()).release();
        c10::SetCPUAllocator(&allocator, kPriority);
        return allocator;
    }();
    return instance;
}

void freeRaw(void* data) {
    if (!data)
        return;
    if (CachingPool* pool = owners().remove(data))
        pool->free(static_cast<std::byte*>(data));
    else
        installed().before().raw_deallocate(data);
}

}  // namespace

TorchPoolScope::TorchPoolScope(CachingPool& pool) : m_previous(activePool) {
    installed();
    activePool = &pool;
}

TorchPoolScope::~TorchPoolScope() {
    activePool = m_previous;
}

}  // namespace gsst
