// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/program/residency.h"
#include "plan/program/slicing.h"
#include "spec/tensor_table.h"

#include <cstdint>
#include <vector>

namespace gsst {

/// What one step moves to and from disk less for each byte of RAM, by kind. Depends on when slices are updated.
struct BytesSavedPerByte {
    double gradient = 2;
    double weights = 2;
    double remainder = 1;
    double moments = 1;
};

/// Spends `bytes` of RAM on the kinds of state and gradients that save most I/O per byte, from the first slice on: the
/// embedding has no arithmetic to hide its I/O behind. Kinds whose worth is 0 stay where they are.
void fillRam(Placement& placement, const TensorTable& table, const StateFormat& format,
             const std::vector<SliceRange>& slices, const BytesSavedPerByte& worth, int64_t bytes);

}  // namespace gsst
