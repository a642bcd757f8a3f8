// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/tensor_table.h"
#include "store/state_store.h"

#include <string>

namespace gsst {

/// Which tensor a damaged block is of, also for people who do not know the names in files: "layers.2.mlp.up.weight, in
/// the MLP of layer 3".
std::string wordsFor(const DamagedBlock& damaged, const TensorTable& table);

}  // namespace gsst
