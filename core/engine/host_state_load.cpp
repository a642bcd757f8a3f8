// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/host_state_load.h"

namespace gsst {

Status loadHostState(StateStore& store, const TensorTable& table, HostState& state,
                     const std::function<void(uint64_t done, uint64_t total)>& progress, std::stop_token stop) {
    const int slot = store.committedSlot();
    const StateFormat& format = store.layout().format();
    uint64_t total = 0;
    for (int unit = 0; unit < table.unitCount(); ++unit)
        for (StateKind kind : format.kinds())
            if (state.section(unit, kind))
                total += uint64_t(format.bytes(table.units()[size_t(unit)].firstBlock, table.units()[size_t(unit)].blockCount, kind));
    uint64_t done = 0;
    for (size_t index = 0; index < table.blocks().size(); ++index) {
        const BlockInfo& block = table.blocks()[index];
        const int firstBlock = table.units()[size_t(block.unit)].firstBlock;
        for (StateKind kind : format.kinds()) {
            std::byte* section = state.section(block.unit, kind);
            if (!section)
                continue;
            if (stop.stop_requested())
                return Error{ErrorCode::Cancelled, "Stopped", "", "a stop was requested", ""};
            const size_t bytes = size_t(format.bytes(int(index), kind));
            std::byte* to = section + format.bytes(firstBlock, int(index) - firstBlock, kind);
            GSST_TRY(store.file(slot).read(store.layout().blocks(int(index), 1, kind).offset, {to, bytes}));
            GSST_TRY(store.checkBlock(slot, int(index), kind, {to, bytes}));
            done += bytes;
        }
        if (progress && total > 0)
            progress(done, total);
    }
    return {};
}

}  // namespace gsst
