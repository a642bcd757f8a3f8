// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "spec/tensor_table.h"
#include "store/state_store.h"

#include <cstdint>
#include <functional>
#include <stop_token>

namespace gsst {

using ByteProgress = std::function<void(uint64_t done, uint64_t total)>;

/// Writes the initial state (weights by counter-based randomness, moments zero) of every block to slot 0 and records
/// the sums. The caller commits. Memory: a few MiB, whatever the model.
Status writeInitialState(StateStore& store, const TensorTable& table, uint64_t seed, const ByteProgress& progress,
                         std::stop_token stop);

}  // namespace gsst
