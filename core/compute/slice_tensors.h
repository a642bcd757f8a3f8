// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "nn/unit_tensors.h"
#include "plan/program/slicing.h"

namespace gsst {

/// The tensors of `unit` in the element space of a slice that has it. Where the slice is a part of the unit, only the
/// tensors that it has, vocabulary matrices cut to its rows. Owns no memory, as UnitTensors.
UnitTensors sliceTensors(const TensorTable& table, const SliceRange& slice, int unit, const void* elements,
                         at::ScalarType type);

}  // namespace gsst
