// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/program/slicing.h"
#include "spec/state_format.h"
#include "spec/tensor_table.h"

#include <cstdint>
#include <vector>

namespace gsst {

/// Bytes of the largest chunk with its gradient, and of what each other rank sends meanwhile: what the staging ring
/// must hold several times.
int64_t groupBytes(const TensorTable& table, const StateFormat& format, const std::vector<SliceRange>& slices,
                   int64_t chunkElements);

/// Staging with which reading hides behind the arithmetic of a slice: updates come in a row at its end, so the state of
/// all of it, and the weights of the next slice, should be there by then. And with which the turn from one step to the
/// next hides: the embedding has no arithmetic that its state could be read behind, so all of it should be on its way
/// while the backward sweep before still computes. `ramLimit` 0 = none.
int64_t readAheadBytes(const TensorTable& table, const StateFormat& format, const std::vector<SliceRange>& slices,
                       int64_t ramLimit);

}  // namespace gsst
