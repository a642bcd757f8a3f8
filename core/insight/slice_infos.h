// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/program/slicing.h"
#include "service/events.h"

#include <string>
#include <vector>

namespace gsst {

/// What each slice of the model is. The parts of an embedding and of a head are counted apart; the norm before the
/// parts of a head is no part.
std::vector<SliceInfo> sliceInfos(const TensorTable& table, const std::vector<SliceRange>& slices);

/// "embedding", "layer 3", "layers 1 to 4", "attention of layer 2", "head", "norm of the head": of parts without which
/// one.
std::string wordsFor(const SliceInfo& slice);

}  // namespace gsst
