// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "device/host_pool.h"
#include "plan/program/residency.h"
#include "plan/program/slicing.h"
#include "spec/state_format.h"
#include "spec/tensor_table.h"

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace gsst {

/// The state and gradients that a placement keeps in host memory, taken from a counted pool: for each kind in RAM of
/// each unit, or part of one that is a slice, one piece, aligned for direct I/O. Must not outlive the pool. Who may
/// touch what when follows from the step program.
class HostState {
public:
    static Result<std::unique_ptr<HostState>> create(const TensorTable& table, const StateFormat& format,
                                                     const std::vector<SliceRange>& slices, const Placement& placement,
                                                     HostPool& pool);
    ~HostState();
    HostState(const HostState&) = delete;
    HostState& operator=(const HostState&) = delete;

    /// First byte of the block's `kind`, or null when it is on disk. The blocks of a chunk lie one after the other.
    std::byte* section(int block, StateKind kind) const { return m_blocks[size_t(block)].sections[size_t(kind)]; }
    /// The block's gradient in RAM (StateFormat::gradientBytes() an element), or null.
    std::byte* gradient(int block) const { return m_blocks[size_t(block)].gradient; }

private:
    explicit HostState(HostPool& pool) : m_pool(pool) {}
    Result<std::byte*> take(int64_t bytes);

    struct Block {
        std::array<std::byte*, kStateKinds.size()> sections{};
        std::byte* gradient = nullptr;
    };
    HostPool& m_pool;
    std::vector<Block> m_blocks;
    std::vector<std::byte*> m_owned;
};

}  // namespace gsst
