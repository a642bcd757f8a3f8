// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/tensor_table.h"

#include <string>

namespace gsst {

/// The number that people know the layer, slice or micro-batch of this index by: in the program and in files they count
/// from 0, in everything that people read from 1.
inline int countedFromOne(int index) {
    return index + 1;
}

/// "embedding", "attention of layer 3", "MLP of layer 3", "head".
std::string wordsFor(const UnitInfo& unit);

/// The same for narrow columns: "emb", "3a", "3m", "head".
std::string labelFor(const UnitInfo& unit);

}  // namespace gsst
