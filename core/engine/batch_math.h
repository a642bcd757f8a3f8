// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "engine/slice_math.h"

#include <cstdint>
#include <vector>

namespace gsst {

/// SliceMath that is told the tokens of its micro-batches, by whoever drives the engine. One thread, and none of the
/// other calls in progress.
class BatchMath : public SliceMath {
public:
    /// The tokens that calls with `microBatch` mean from now on: n x sequenceLength each, n at most the recipe's
    /// microBatch; target -1 does not count. `targetsInStep`: those that count in the whole step; gradients are divided
    /// by it. InvalidInput when counts or token numbers are out of range.
    virtual Status setBatch(int microBatch, std::vector<int64_t> inputs, std::vector<int64_t> targets,
                            int64_t targetsInStep) = 0;
};

}  // namespace gsst
