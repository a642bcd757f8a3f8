// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/resident_state.h"

#include "io/file.h"

#include <cstring>

namespace gsst {

Result<std::unique_ptr<ResidentState>> ResidentState::create(const TensorTable& table, CpuPool& pool) {
    std::unique_ptr<ResidentState> state(new ResidentState(pool));
    int64_t elements = 0;
    for (const UnitInfo& unit : table.units()) {
        state->m_base.push_back(elements);
        elements += unit.paddedElements;
    }
    const auto take = [&](int64_t elementBytes) -> Result<std::byte*> {
        // Commits write straight from here, so every array begins as direct I/O wants it.
        GSST_ASSIGN(std::byte* owned, pool.allocate(elements * elementBytes + int64_t(kIoAlignment)));
        state->m_owned.push_back(owned);
        std::byte* data = owned + (kIoAlignment - reinterpret_cast<uintptr_t>(owned) % kIoAlignment) % kIoAlignment;
        std::memset(data, 0, size_t(elements * elementBytes));
        return data;
    };
    GSST_ASSIGN(std::byte* hi, take(2));
    GSST_ASSIGN(std::byte* lo, take(2));
    GSST_ASSIGN(std::byte* moment1, take(4));
    GSST_ASSIGN(std::byte* moment2, take(4));
    GSST_ASSIGN(std::byte* gradient, take(4));
    state->m_hi = reinterpret_cast<uint16_t*>(hi);
    state->m_lo = reinterpret_cast<uint16_t*>(lo);
    state->m_moment1 = reinterpret_cast<float*>(moment1);
    state->m_moment2 = reinterpret_cast<float*>(moment2);
    state->m_gradient = reinterpret_cast<float*>(gradient);
    return state;
}

ResidentState::~ResidentState() {
    for (std::byte* data : m_owned)
        m_pool.free(data);
}

}  // namespace gsst
