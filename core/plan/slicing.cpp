// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/slicing.h"

#include <algorithm>

namespace gsst {

std::vector<SliceRange> makeSlicing(const TensorTable& table, int unitsPerSlice) {
    std::vector<SliceRange> slices{{0, 1}};
    const int head = table.headUnit();
    for (int unit = 1; unit < head; unit += unitsPerSlice)
        slices.push_back({unit, std::min(unitsPerSlice, head - unit)});
    slices.push_back({head, 1});
    return slices;
}

std::vector<ChunkRange> chunksOfUnit(const TensorTable& table, int unit, int64_t chunkElements) {
    std::vector<ChunkRange> chunks;
    const UnitInfo& info = table.units()[size_t(unit)];
    for (int i = 0; i < info.blockCount; ++i) {
        const BlockInfo& block = table.blocks()[size_t(info.firstBlock + i)];
        if (chunks.empty() || chunks.back().paddedElements + block.paddedElements > chunkElements)
            chunks.push_back({unit, info.firstBlock + i, 0, block.offset, 0});
        chunks.back().blockCount += 1;
        chunks.back().paddedElements += block.paddedElements;
    }
    return chunks;
}

int64_t sliceElements(const TensorTable& table, const SliceRange& slice) {
    return elementsBefore(table, slice, slice.firstUnit + slice.unitCount);
}

int64_t elementsBefore(const TensorTable& table, const SliceRange& slice, int unit) {
    int64_t elements = 0;
    for (int u = slice.firstUnit; u < unit; ++u)
        elements += table.units()[size_t(u)].paddedElements;
    return elements;
}

}  // namespace gsst
