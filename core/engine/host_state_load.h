// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "engine/host_state.h"
#include "spec/tensor_table.h"
#include "store/state_store.h"

#include <cstdint>
#include <functional>
#include <stop_token>

namespace gsst {

/// Reads what the placement keeps in RAM from the committed slot; every block's sum is checked. Progress in bytes.
Status loadHostState(StateStore& store, const TensorTable& table, HostState& state,
                     const std::function<void(uint64_t done, uint64_t total)>& progress, std::stop_token stop);

}  // namespace gsst
