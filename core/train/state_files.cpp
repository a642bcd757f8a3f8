// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/state_files.h"

#include "io/aligned_buffer.h"
#include "optim/init.h"

#include <cstring>

namespace gsst {
namespace {

constexpr Error cancelled() { return Error{ErrorCode::Cancelled, "Stopped", "", "a stop was requested", ""}; }

}  // namespace

Status writeInitialState(StateStore& store, const TensorTable& table, uint64_t seed, const ByteProgress& progress, std::stop_token stop) {
    GSST_ASSIGN(AlignedBuffer weights, AlignedBuffer::create(size_t(kBlockElements) * 4));
    GSST_ASSIGN(const AlignedBuffer zeros, AlignedBuffer::create(size_t(kBlockElements) * 4));
    const uint64_t total = uint64_t(table.paddedParameters()) * 12;
    uint64_t done = 0;
    for (size_t index = 0; index < table.blocks().size(); ++index) {
        if (stop.stop_requested())
            return cancelled();
        const BlockInfo& block = table.blocks()[index];
        auto* hi = reinterpret_cast<uint16_t*>(weights.data());
        uint16_t* lo = hi + block.paddedElements;
        std::memset(weights.data(), 0, size_t(block.paddedElements) * 4);
        initialBlock(table, int(index), seed, {hi, size_t(block.paddedElements)}, {lo, size_t(block.paddedElements)});
        for (StateKind kind : kStateKinds) {
            const size_t bytes = size_t(block.paddedElements * elementBytes(kind));
            const std::byte* from = kind == StateKind::Hi   ? reinterpret_cast<const std::byte*>(hi)
                                    : kind == StateKind::Lo ? reinterpret_cast<const std::byte*>(lo)
                                                            : zeros.data();
            GSST_TRY(store.file(0).write(store.layout().blocks(int(index), 1, kind).offset, {from, bytes}));
            store.recordBlock(0, int(index), kind, {from, bytes});
            done += bytes;
        }
        if (progress)
            progress(done, total);
    }
    return {};
}

}  // namespace gsst
