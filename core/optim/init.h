// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/tensor_table.h"

#include <cstdint>
#include <span>

namespace gsst {

/// Initial weights of one block as halves: by counter-based randomness keyed by (seed, tensor, element), so that they depend on
/// nothing else. The spans hold the block's padded elements; padding is left as it is.
void initialBlock(const TensorTable& table, int block, uint64_t seed, std::span<uint16_t> hi, std::span<uint16_t> lo);

}  // namespace gsst
