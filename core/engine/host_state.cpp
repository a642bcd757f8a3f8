// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/host_state.h"

#include "io/file.h"
#include "plan/state_bytes.h"

#include <cstring>
#include <optional>

namespace gsst {
namespace {

bool inRam(const SliceResidency& residency, StateKind kind) {
    switch (kind) {
    case StateKind::Hi: return residency.weights != Tier::Disk;
    case StateKind::Lo: return residency.remainder != Tier::Disk;
    case StateKind::Moment1:
    case StateKind::Moment2: return residency.moments != Tier::Disk;
    }
    return false;
}

/// Calls visit(unit, kind, bytes) for every section in RAM, and visit(unit, nullopt, bytes) for gradients.
template <typename Visit>
void eachPiece(const TensorTable& table, const std::vector<SliceRange>& slices, const Placement& placement, Visit visit) {
    for (size_t slice = 0; slice < slices.size(); ++slice)
        for (int unit = slices[slice].firstUnit; unit < slices[slice].firstUnit + slices[slice].unitCount; ++unit) {
            const int64_t elements = table.units()[size_t(unit)].paddedElements;
            const SliceResidency& residency = placement.of(int(slice));
            for (StateKind kind : kStateKinds)
                if (inRam(residency, kind))
                    visit(unit, std::optional(kind), elements * elementBytes(kind));
            if (residency.gradient == Tier::Ram)
                visit(unit, std::optional<StateKind>(), elements * kGradientBytes);
        }
}

/// Commits write straight from here, so every piece begins as direct I/O wants it.
int64_t withRoomToAlign(int64_t bytes) { return bytes + int64_t(kIoAlignment); }

}  // namespace

Result<std::byte*> HostState::take(int64_t bytes) {
    GSST_ASSIGN(std::byte* owned, m_pool.allocate(withRoomToAlign(bytes)));
    m_owned.push_back(owned);
    std::byte* data = owned + (kIoAlignment - reinterpret_cast<uintptr_t>(owned) % kIoAlignment) % kIoAlignment;
    std::memset(data, 0, size_t(bytes));
    return data;
}

Result<std::unique_ptr<HostState>> HostState::create(const TensorTable& table, const std::vector<SliceRange>& slices,
                                                     const Placement& placement, CpuPool& pool) {
    std::unique_ptr<HostState> state(new HostState(pool));
    state->m_units.resize(size_t(table.unitCount()));
    Status status;
    eachPiece(table, slices, placement, [&](int unit, std::optional<StateKind> kind, int64_t bytes) {
        if (!status.ok())
            return;
        auto piece = state->take(bytes);
        if (!piece.ok())
            status = piece.error();
        else if (kind)
            state->m_units[size_t(unit)].sections[size_t(*kind)] = *piece;
        else
            state->m_units[size_t(unit)].gradient = reinterpret_cast<float*>(*piece);
    });
    GSST_TRY(std::move(status));
    return state;
}

int64_t HostState::bytesFor(const TensorTable& table, const std::vector<SliceRange>& slices, const Placement& placement) {
    int64_t sum = 0;
    eachPiece(table, slices, placement, [&](int, std::optional<StateKind>, int64_t bytes) { sum += CpuPool::roundedBytes(withRoomToAlign(bytes)); });
    return sum;
}

HostState::~HostState() {
    for (std::byte* data : m_owned)
        m_pool.free(data);
}

}  // namespace gsst
