// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/search/plan_sizes.h"

#include <algorithm>
#include <vector>

namespace gsst {
namespace {

constexpr int64_t kLargestReadAhead = int64_t{4} << 30;
constexpr int64_t kReadAheadShareOfRam = 8;  ///< read-ahead takes at most one part in so many

}  // namespace

int64_t groupBytes(const TensorTable& table, const StateFormat& format, const std::vector<SliceRange>& slices,
                   int64_t chunkElements) {
    int64_t own = 0, foreign = 0;
    for (const SliceRange& slice : slices) {
        // A large model has 100,000 chunks. Its layers are alike.
        if (table.units()[size_t(slice.firstUnit)].layer > 0)
            continue;
        for (const ChunkRange& chunk : chunksOfSlice(table, format, slice, chunkElements)) {
            int64_t& largest = format.owns(chunk.firstBlock) ? own : foreign;
            largest = std::max(largest, format.bytes(chunk.firstBlock, chunk.blockCount) +
                                            format.gradientBytes(chunk.firstBlock, chunk.blockCount));
        }
    }
    return own + (format.share().ranks - 1) * foreign;
}

int64_t readAheadBytes(const TensorTable& table, const StateFormat& format, const std::vector<SliceRange>& slices,
                       int64_t ramLimit) {
    const auto waiting = [&format](int firstBlock, int blockCount) {
        return format.bytes(firstBlock, blockCount) + format.gradientBytes(firstBlock, blockCount);
    };
    const UnitInfo& embedding = table.units().front();
    int64_t wanted = waiting(embedding.firstBlock, embedding.blockCount);
    for (const SliceRange& slice : slices) {
        int64_t bytes = 0;
        for (const ChunkRange& unit : unitsOfSlice(table, slice))
            bytes += waiting(unit.firstBlock, unit.blockCount) +
                     format.bytes(unit.firstBlock, unit.blockCount, StateKind::Hi);
        wanted = std::max(wanted, bytes);
    }
    return std::min(wanted,
                    ramLimit > 0 ? std::min(kLargestReadAhead, ramLimit / kReadAheadShareOfRam) : kLargestReadAhead);
}

}  // namespace gsst
