// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/host_state_load.h"

#include "base/cancelled.h"

namespace gsst {

Status loadHostState(StateStore& store, const TensorTable& table, HostState& state,
                     const std::function<void(uint64_t done, uint64_t total)>& progress, std::stop_token stop) {
    const int slot = store.committedSlot();
    const StateFormat& format = store.layout().format();
    uint64_t total = 0;
    for (int block = 0; block < format.blockCount(); ++block)
        for (StateKind kind : format.kinds())
            total += state.section(block, kind) ? uint64_t(format.bytes(block, kind)) : 0;
    uint64_t done = 0;
    for (size_t index = 0; index < table.blocks().size(); ++index) {
        for (StateKind kind : format.kinds()) {
            std::byte* const to = state.section(int(index), kind);
            if (!to || !format.holds(int(index), kind))
                continue;
            if (stop.stop_requested())
                return cancelled("Loading the model");
            const size_t bytes = size_t(format.bytes(int(index), kind));
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
