// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/program/slicing.h"

#include <algorithm>

namespace gsst {
namespace {

/// The unit's matrix with a row for each token, or nullptr.
const TensorInfo* vocabularyMatrix(const TensorTable& table, int unit) {
    const TensorInfo* embedding = table.find(unit, TensorRole::TokenEmbedding);
    return embedding ? embedding : table.find(unit, TensorRole::HeadWeight);
}

/// What of the unit lies before its vocabulary matrix, if anything, then the matrix by rows; what lies behind goes with
/// the last rows.
void appendParts(std::vector<SliceRange>& slices, const TensorTable& table, int unit, int64_t rows) {
    const TensorInfo* matrix = vocabularyMatrix(table, unit);
    const UnitInfo& info = table.units()[size_t(unit)];
    if (!matrix || rows <= 0 || rows >= matrix->shape.front()) {
        slices.push_back({unit, 1});
        return;
    }
    if (matrix->firstBlock > info.firstBlock)
        slices.push_back({unit, 1, info.firstBlock, matrix->firstBlock - info.firstBlock});
    const int blocks = int(rows * matrix->shape.back() / kBlockElements);
    const int end = matrix->firstBlock + matrix->blockCount;
    for (int first = matrix->firstBlock; first < end; first += blocks)
        slices.push_back({unit, 1, first, std::min(blocks, end - first)});
    slices.back().blockCount += info.firstBlock + info.blockCount - end;
}

int64_t paddedElements(const TensorTable& table, int firstBlock, int blockCount) {
    const BlockInfo& last = table.blocks()[size_t(firstBlock + blockCount - 1)];
    return last.offset + last.paddedElements - table.blocks()[size_t(firstBlock)].offset;
}

/// How many blocks from `first` on, of one unit and before `end`, have at most `elements` elements; at least one.
int blocksWithin(const TensorTable& table, int first, int end, int64_t elements) {
    // Not block by block: a large model has 100,000 of them. Where one ends, the next begins.
    const auto from = table.blocks().begin() + first;
    const auto fits = [&](const BlockInfo& block) {
        return block.offset + block.paddedElements - from->offset <= elements;
    };
    return std::max(1, int(std::partition_point(from, from + (end - first), fits) - from));
}

/// Where a chunk that begins with block `first` ends instead of before block `end`, which is of the same unit, so that
/// its update has every matrix that the optimizer needs whole: in front of that matrix, or behind it if the chunk is
/// all of it. The one place that asks for an optimizer's scope.
int uncutEnd(const TensorTable& table, const OptimizerSpec& optimizer, int first, int end) {
    const TensorInfo& tensor = table.tensors()[size_t(table.blocks()[size_t(end)].tensor)];
    if (tensor.firstBlock == end || optimizer.updateOf(tensor.role).scope == UpdateScope::Element)
        return end;
    return tensor.firstBlock > first ? tensor.firstBlock : tensor.firstBlock + tensor.blockCount;
}

}  // namespace

std::vector<SliceRange> makeSlicing(const TensorTable& table, int unitsPerSlice, int64_t vocabularyRows) {
    std::vector<SliceRange> slices;
    const int head = table.headUnit();
    appendParts(slices, table, 0, vocabularyRows);
    for (int unit = 1; unit < head; unit += unitsPerSlice)
        slices.push_back({unit, std::min(unitsPerSlice, head - unit)});
    appendParts(slices, table, head, vocabularyRows);
    return slices;
}

std::vector<ChunkRange> unitsOfSlice(const TensorTable& table, const SliceRange& slice) {
    if (slice.isPart())
        return {{slice.firstUnit, slice.firstBlock, slice.blockCount, table.blocks()[size_t(slice.firstBlock)].offset,
                 paddedElements(table, slice.firstBlock, slice.blockCount)}};
    std::vector<ChunkRange> units;
    for (int unit = slice.firstUnit; unit < slice.firstUnit + slice.unitCount; ++unit) {
        const UnitInfo& info = table.units()[size_t(unit)];
        units.push_back({unit, info.firstBlock, info.blockCount, 0, info.paddedElements});
    }
    return units;
}

std::vector<ChunkRange> chunksOfSlice(const TensorTable& table, const StateFormat& format, const SliceRange& slice,
                                      int64_t chunkElements) {
    std::vector<ChunkRange> chunks;
    for (const ChunkRange& unit : unitsOfSlice(table, slice)) {
        const int end = unit.firstBlock + unit.blockCount;
        for (int first = unit.firstBlock; first < end;) {
            int chunkEnd = first + blocksWithin(table, first, end, chunkElements);
            if (chunkEnd < end)
                chunkEnd = uncutEnd(table, format.optimizer(), first, chunkEnd);
            const int count = std::min(chunkEnd, format.ownedUntil(first, end)) - first;
            chunks.push_back(
                {unit.unit, first, count, table.blocks()[size_t(first)].offset, paddedElements(table, first, count)});
            first += count;
        }
    }
    return chunks;
}

int64_t sliceElements(const TensorTable& table, const SliceRange& slice) {
    if (slice.isPart())
        return paddedElements(table, slice.firstBlock, slice.blockCount);
    return elementsBefore(table, slice, slice.firstUnit + slice.unitCount);
}

int64_t elementsBefore(const TensorTable& table, const SliceRange& slice, int unit) {
    int64_t elements = 0;
    for (int u = slice.firstUnit; u < unit; ++u)
        elements += table.units()[size_t(u)].paddedElements;
    return elements;
}

int64_t offsetInSlice(const TensorTable& table, const SliceRange& slice, int unit, int64_t unitOffset) {
    if (slice.isPart())
        return unitOffset - table.blocks()[size_t(slice.firstBlock)].offset;
    return elementsBefore(table, slice, unit) + unitOffset;
}

RowRange rowsOfSlice(const TensorTable& table, const SliceRange& slice) {
    for (const ChunkRange& unit : unitsOfSlice(table, slice)) {
        const TensorInfo* matrix = vocabularyMatrix(table, unit.unit);
        if (!matrix)
            continue;
        const int first = std::max(unit.firstBlock, matrix->firstBlock);
        const int end = std::min(unit.firstBlock + unit.blockCount, matrix->firstBlock + matrix->blockCount);
        if (first >= end)
            return {};
        const int64_t width = matrix->shape.back();
        const BlockInfo& last = table.blocks()[size_t(end - 1)];
        const int64_t firstRow = (table.blocks()[size_t(first)].offset - matrix->offset) / width;
        return {firstRow, (last.offset + last.elements - matrix->offset) / width - firstRow};
    }
    return {};
}

}  // namespace gsst
