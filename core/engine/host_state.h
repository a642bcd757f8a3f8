// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "device/cpu_pool.h"
#include "plan/residency.h"
#include "plan/slicing.h"
#include "spec/state_format.h"
#include "spec/tensor_table.h"

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace gsst {

/// The state and gradients that a placement keeps in host memory, taken from a counted pool: for each unit and kind in RAM one
/// piece, aligned for direct I/O. Must not outlive the pool. Who may touch what when
/// follows from the step program.
class HostState {
public:
    static Result<std::unique_ptr<HostState>> create(const TensorTable& table, const StateFormat& format,
                                                     const std::vector<SliceRange>& slices, const Placement& placement, CpuPool& pool);
    ~HostState();
    HostState(const HostState&) = delete;
    HostState& operator=(const HostState&) = delete;

    /// First byte of the unit's `kind`, or null when it is on disk.
    std::byte* section(int unit, StateKind kind) const { return m_units[size_t(unit)].sections[size_t(kind)]; }
    /// The unit's gradient in RAM (StateFormat::gradientBytes() an element), or null.
    std::byte* gradient(int unit) const { return m_units[size_t(unit)].gradient; }

private:
    explicit HostState(CpuPool& pool) : m_pool(pool) {}
    Result<std::byte*> take(int64_t bytes);

    struct Unit {
        std::array<std::byte*, kStateKinds.size()> sections{};
        std::byte* gradient = nullptr;
    };
    CpuPool& m_pool;
    std::vector<Unit> m_units;
    std::vector<std::byte*> m_owned;
};

}  // namespace gsst
