// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/host_state.h"

#include "io/file.h"
#include "plan/program/host_pieces.h"

#include <cstring>

namespace gsst {
/// Commits write straight from here, so every piece begins as direct I/O wants it.
Result<std::byte*> HostState::take(int64_t bytes) {
    GSST_ASSIGN(std::byte * owned, m_pool.allocate(bytes + int64_t(kIoAlignment)));
    m_owned.push_back(owned);
    std::byte* data = owned + (kIoAlignment - reinterpret_cast<uintptr_t>(owned) % kIoAlignment) % kIoAlignment;
    std::memset(data, 0, size_t(bytes));
    return data;
}

Result<std::unique_ptr<HostState>> HostState::create(const TensorTable& table, const StateFormat& format,
                                                     const std::vector<SliceRange>& slices, const Placement& placement,
                                                     HostPool& pool) {
    std::unique_ptr<HostState> state(new HostState(pool));
    state->m_blocks.resize(table.blocks().size());
    for (const HostPiece& piece : hostPieces(table, format, slices, placement)) {
        GSST_ASSIGN(std::byte * data, state->take(piece.bytes));
        for (int index = piece.firstBlock; index < piece.firstBlock + piece.blockCount; ++index) {
            Block& block = state->m_blocks[size_t(index)];
            (piece.kind ? block.sections[size_t(*piece.kind)] : block.gradient) = data;
            data += piece.kind ? format.bytes(index, *piece.kind) : format.gradientBytes(index, 1);
        }
    }
    return state;
}

HostState::~HostState() {
    for (std::byte* data : m_owned)
        m_pool.free(data);
}

}  // namespace gsst
