// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/state_format.h"
#include "spec/tensor_table.h"

#include <cstdint>
#include <vector>

namespace gsst {

/// What is on the device together: consecutive units, or some blocks of one unit.
///
/// Units are too coarse for vocabulary matrices, so embedding and head may be cut below them: a part is a range of the
/// unit's blocks, and its element space begins with the first of them. Files, sums and norms know blocks only and are
/// not concerned.
struct SliceRange {
    int firstUnit = 0;
    int unitCount = 0;
    int firstBlock = 0;  ///< of a part, index into TensorTable::blocks()
    int blockCount = 0;  ///< of a part; 0: all of the units
    bool isPart() const { return blockCount > 0; }
    bool operator==(const SliceRange&) const = default;
};

/// Consecutive blocks of one unit: what one state read, update and write moves.
struct ChunkRange {
    int unit = 0;
    int firstBlock = 0;
    int blockCount = 0;
    int64_t unitOffset = 0;  ///< first element inside the unit
    int64_t paddedElements = 0;
};

/// How a model is cut: the embedding first, the head last, between them every `unitsPerSlice` units (2 = one layer, 1 =
/// attention and MLP apart). The embedding and the head are one slice each, or, with `vocabularyRows` (a multiple of
/// VocabularyChunks::rows() below the vocabulary):
/// - the embedding: a slice for every so many rows; the last has the positions too;
/// - the head: its norm alone, then, unless it is tied, a slice for every so many rows of its matrix.
std::vector<SliceRange> makeSlicing(const TensorTable& table, int unitsPerSlice, int64_t vocabularyRows = 0);

/// The units of a slice, or the part of one that it is, as one chunk each.
std::vector<ChunkRange> unitsOfSlice(const TensorTable& table, const SliceRange& slice);

/// The slice in chunks of one unit and one owner each and at most `chunkElements` elements, at least one block. A chunk
/// is larger where the optimizer needs a matrix whole (UpdateScope::Matrix), which no part and no owner's run may cut.
std::vector<ChunkRange> chunksOfSlice(const TensorTable& table, const StateFormat& format, const SliceRange& slice,
                                      int64_t chunkElements);

/// Padded elements of a slice, and of the slice before `unit`, which in a part is 0.
int64_t sliceElements(const TensorTable& table, const SliceRange& slice);
int64_t elementsBefore(const TensorTable& table, const SliceRange& slice, int unit);

/// Whether it is of the layers, and not of the embedding or the head, which vocabulary slices are parts of.
inline bool isOfLayers(const TensorTable& table, const SliceRange& slice) {
    return slice.firstUnit > 0 && slice.firstUnit < table.headUnit();
}

/// Where an element of `unit` lies in the element space of the slice.
int64_t offsetInSlice(const TensorTable& table, const SliceRange& slice, int unit, int64_t unitOffset);

/// Rows of the token embedding or of the head's matrix.
struct RowRange {
    int64_t first = 0;
    int64_t count = 0;
    int64_t end() const { return first + count; }
};

/// Those that the slice has; none if it has neither matrix.
RowRange rowsOfSlice(const TensorTable& table, const SliceRange& slice);

}  // namespace gsst
