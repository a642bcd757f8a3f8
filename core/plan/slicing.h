// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/tensor_table.h"

#include <cstdint>
#include <vector>

namespace gsst {

/// Consecutive units that are on the device together.
struct SliceRange {
    int firstUnit = 0;
    int unitCount = 0;
    bool operator==(const SliceRange&) const = default;
};

/// Consecutive blocks of one unit: what one state read, update and write moves.
struct ChunkRange {
    int unit = 0;
    int firstBlock = 0;
    int blockCount = 0;
    int64_t unitOffset = 0;      ///< first element inside the unit
    int64_t paddedElements = 0;
};

/// How a model is cut: the embedding is slice 0, the head the last, between them every `unitsPerSlice` units
/// (2 = one layer, 1 = attention and MLP apart).
std::vector<SliceRange> makeSlicing(const TensorTable& table, int unitsPerSlice);

/// The unit in chunks of at most `chunkElements` elements, at least one block each.
std::vector<ChunkRange> chunksOfUnit(const TensorTable& table, int unit, int64_t chunkElements);

/// Padded elements of a slice, and of the slice before `unit`.
int64_t sliceElements(const TensorTable& table, const SliceRange& slice);
int64_t elementsBefore(const TensorTable& table, const SliceRange& slice, int unit);

}  // namespace gsst
