// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "optim/kernels/lion_math.h"
#include "optim/optimizer.h"

namespace gsst {

/// Constants of the update of 1-based `step`, with the schedule's learning rate. `gradientScale`: clip factor over loss
/// scale.
LionConstants lionConstants(const TrainSpec& training, int64_t step, float gradientScale);

class Lion final : public Optimizer {
public:
    std::unique_ptr<OptimizerStep> step(const TrainSpec& training, int64_t step, float gradientScale) const override;
    double largestGradient(const TrainSpec& training) const override;
};

}  // namespace gsst
