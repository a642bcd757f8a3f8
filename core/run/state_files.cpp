// SPDX-License-Identifier: GPL-3.0-or-later
#include "run/state_files.h"

#include "base/cancelled.h"
#include "io/aligned_buffer.h"
#include "optim/init.h"
#include "optim/worker_pool.h"

#include <algorithm>
#include <span>
#include <thread>
#include <vector>

namespace gsst {
namespace {

/// Drawing random numbers takes longer than writing them: all cores do it.
constexpr int kBlocksAtATime = 32;

/// All kinds of one block, one behind the other in `state`.
Status writeBlock(StateStore& store, int block, std::span<std::byte> state) {
    for (StateKind kind : store.layout().format().kinds()) {
        const std::span<std::byte> section = state.first(size_t(store.layout().format().bytes(block, kind)));
        state = state.subspan(section.size());
        if (!store.layout().format().holds(block, kind))
            continue;
        GSST_TRY(store.file(0).write(store.layout().blocks(block, 1, kind).offset, section));
        store.recordBlock(0, block, kind, section);
    }
    return {};
}

}  // namespace

Status writeInitialState(StateStore& store, const TensorTable& table, uint64_t seed, const ByteProgress& progress,
                         std::stop_token stop) {
    const StateFormat& format = store.layout().format();
    int64_t largest = 0;
    for (int block = 0; block < format.blockCount(); ++block)
        largest = std::max(largest, format.bytes(block, 1));
    WorkerPool workers(int(std::max(1u, std::thread::hardware_concurrency())));
    std::vector<AlignedBuffer> buffers(kBlocksAtATime);
    for (AlignedBuffer& buffer : buffers) {
        GSST_ASSIGN(buffer, AlignedBuffer::create(size_t(largest)));
    }
    uint64_t done = 0;
    for (int first = 0; first < format.blockCount(); first += kBlocksAtATime) {
        if (stop.stop_requested())
            return cancelled("Making the first state");
        const int count = std::min(kBlocksAtATime, format.blockCount() - first);
        const auto stateOf = [&](int64_t i) {
            return buffers[size_t(i)].span().first(size_t(format.bytes(first + int(i), 1)));
        };
        workers.forEach(count, [&](int64_t i) { initialState(table, format, first + int(i), seed, stateOf(i)); });
        for (int i = 0; i < count; ++i) {
            GSST_TRY(writeBlock(store, first + i, stateOf(i)));
            done += uint64_t(format.bytes(first + i, 1));
        }
        if (progress)
            progress(done, uint64_t(format.totalBytes()));
    }
    return {};
}

}  // namespace gsst
