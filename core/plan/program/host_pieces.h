// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/program/residency.h"
#include "plan/program/slicing.h"
#include "spec/state_format.h"
#include "spec/tensor_table.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace gsst {

/// One array that a placement keeps in host memory: a kind of state of one unit, or of the part of it that a slice has,
/// or the gradient.
struct HostPiece {
    int firstBlock = 0;
    int blockCount = 0;
    std::optional<StateKind> kind;  ///< nothing: the gradient
    int64_t bytes = 0;              ///< of the blocks' padded elements, as far as this rank holds them
};

/// All of them, in the order of the blocks.
std::vector<HostPiece> hostPieces(const TensorTable& table, const StateFormat& format,
                                  const std::vector<SliceRange>& slices, const Placement& placement);

/// Host memory that a piece of `bytes` takes at most: it begins as direct I/O wants it.
int64_t hostPieceBytes(int64_t bytes);

/// Host memory that the placement keeps filled: state and gradients in RAM.
int64_t hostBytesOf(const TensorTable& table, const StateFormat& format, const std::vector<SliceRange>& slices,
                    const Placement& placement);

}  // namespace gsst
