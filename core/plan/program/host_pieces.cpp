// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/program/host_pieces.h"

#include "base/round_up.h"
#include "io/file.h"

namespace gsst {

std::vector<HostPiece> hostPieces(const TensorTable& table, const StateFormat& format,
                                  const std::vector<SliceRange>& slices, const Placement& placement) {
    std::vector<HostPiece> pieces;
    for (size_t slice = 0; slice < slices.size(); ++slice)
        for (const ChunkRange& unit : unitsOfSlice(table, slices[slice])) {
            const SliceResidency& residency = placement.of(int(slice));
            for (StateKind kind : format.kinds())
                if (residency.of(kind) != Tier::Disk)
                    pieces.push_back(
                        {unit.firstBlock, unit.blockCount, kind, format.bytes(unit.firstBlock, unit.blockCount, kind)});
            if (residency.gradient == Tier::Ram)
                pieces.push_back({unit.firstBlock, unit.blockCount, std::nullopt,
                                  format.gradientBytes(unit.firstBlock, unit.blockCount)});
        }
    return pieces;
}

int64_t hostPieceBytes(int64_t bytes) {
    constexpr int64_t kAlignment = kIoAlignment;
    return roundUp(bytes, kAlignment) + kAlignment;
}

int64_t hostBytesOf(const TensorTable& table, const StateFormat& format, const std::vector<SliceRange>& slices,
                    const Placement& placement) {
    int64_t sum = 0;
    for (const HostPiece& piece : hostPieces(table, format, slices, placement))
        sum += hostPieceBytes(piece.bytes);
    return sum;
}

}  // namespace gsst
