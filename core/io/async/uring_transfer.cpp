// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/async/uring_transfer.h"

#include "io/file.h"

#include <cerrno>

namespace gsst {

namespace {

constexpr int kMostStalls = 1000;

}  // namespace

TransferAnswer advance(Transfer& transfer, int64_t answer) {
    if (answer < 0) {
        const auto error = static_cast<int>(-answer);
        const bool transient = error == EINTR || error == EAGAIN;
        if (transient && ++transfer.stalls < kMostStalls)
            return {TransferStep::Again};
        return {TransferStep::Failed, error};
    }
    const auto moved = static_cast<uint64_t>(answer);
    if (moved > transfer.left)
        return {TransferStep::Failed, EIO};
    if (moved == transfer.left) {
        transfer.left = 0;
        return {TransferStep::Finished};
    }
    // A direct read that stops off the alignment has met the end; going on from there would be refused as unaligned.
    if (transfer.direction == IoDirection::Read && (moved == 0 || moved % kIoAlignment != 0))
        return {TransferStep::EndsEarly};
    // A direct write cut short by a full disk may end off the alignment; the whole block is then written again.
    const size_t advanced = moved / kIoAlignment * kIoAlignment;
    if (advanced == 0)
        return {TransferStep::Failed, ENOSPC};
    transfer.offset += advanced;
    transfer.memory += advanced;
    transfer.left -= advanced;
    transfer.stalls = 0;
    return {TransferStep::Again};
}

}  // namespace gsst
