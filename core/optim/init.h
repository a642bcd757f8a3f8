// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/state_format.h"
#include "spec/tensor_table.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace gsst {

/// Initial weights of one block as halves: by counter-based randomness keyed by (seed, tensor, element), so that they
/// depend on nothing else. The spans hold the block's padded elements; padding is left as it is. `lo` may be empty
/// (preset Lean): `hi` is the nearest bf16 in any case.
void initialBlock(const TensorTable& table, int block, uint64_t seed, std::span<uint16_t> hi, std::span<uint16_t> lo);

/// The whole initial state of one block, padding included, as a chunk of this block holds it: weights, and moments of
/// zero (which are zero bytes in every preset). `state` holds the block's bytes of all kinds and is aligned to 4 bytes
/// at least.
void initialState(const TensorTable& table, const StateFormat& format, int block, uint64_t seed,
                  std::span<std::byte> state);

}  // namespace gsst
