// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "device/cpu_pool.h"
#include "spec/tensor_table.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace gsst {

/// The whole state and gradient of a model in host memory, taken from a counted pool: one array a kind, units in
/// canonical order, each with its padded element space. 16 bytes a parameter. Must not outlive the pool.
class ResidentState {
public:
    static Result<std::unique_ptr<ResidentState>> create(const TensorTable& table, CpuPool& pool);
    ~ResidentState();
    ResidentState(const ResidentState&) = delete;
    ResidentState& operator=(const ResidentState&) = delete;

    uint16_t* hi(int unit) const { return m_hi + base(unit); }
    uint16_t* lo(int unit) const { return m_lo + base(unit); }
    float* moment1(int unit) const { return m_moment1 + base(unit); }
    float* moment2(int unit) const { return m_moment2 + base(unit); }
    float* gradient(int unit) const { return m_gradient + base(unit); }

private:
    explicit ResidentState(CpuPool& pool) : m_pool(pool) {}
    int64_t base(int unit) const { return m_base[size_t(unit)]; }

    CpuPool& m_pool;
    std::vector<int64_t> m_base;
    std::vector<std::byte*> m_owned;
    uint16_t* m_hi = nullptr;
    uint16_t* m_lo = nullptr;
    float* m_moment1 = nullptr;
    float* m_moment2 = nullptr;
    float* m_gradient = nullptr;
};

}  // namespace gsst
