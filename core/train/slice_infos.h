// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/slicing.h"
#include "train/events.h"

#include <vector>

namespace gsst {

/// What each slice of the model is. The parts of an embedding and of a head are counted apart; the norm before the parts of a head
/// is no part.
std::vector<SliceInfo> sliceInfos(const TensorTable& table, const std::vector<SliceRange>& slices);

}  // namespace gsst
