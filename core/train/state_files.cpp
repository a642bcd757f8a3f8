// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/state_files.h"

#include "io/aligned_buffer.h"
#include "optim/init.h"

#include <algorithm>
#include <span>

namespace gsst {
namespace {

constexpr Error cancelled() { return Error{ErrorCode::Cancelled, "Stopped", "", "a stop was requested", ""}; }

}  // namespace

Status writeInitialState(StateStore& store, const TensorTable& table, uint64_t seed, const ByteProgress& progress, std::stop_token stop) {
    const StateFormat& format = store.layout().format();
    int64_t largest = 0;
    for (int block = 0; block < format.blockCount(); ++block)
        largest = std::max(largest, format.bytes(block, 1));
    GSST_ASSIGN(AlignedBuffer buffer, AlignedBuffer::create(size_t(largest)));
    uint64_t done = 0;
    for (int block = 0; block < format.blockCount(); ++block) {
        if (stop.stop_requested())
            return cancelled();
        std::span<std::byte> rest = buffer.span().first(size_t(format.bytes(block, 1)));
        initialState(table, format, block, seed, rest);
        for (StateKind kind : format.kinds()) {
            const std::span<std::byte> section = rest.first(size_t(format.bytes(block, kind)));
            rest = rest.subspan(section.size());
            GSST_TRY(store.file(0).write(store.layout().blocks(block, 1, kind).offset, section));
            store.recordBlock(0, block, kind, section);
            done += section.size();
        }
        if (progress)
            progress(done, uint64_t(format.totalBytes()));
    }
    return {};
}

}  // namespace gsst
