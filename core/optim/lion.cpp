// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/lion.h"

#include "optim/element_step.h"
#include "optim/schedule.h"

namespace gsst {

LionConstants lionConstants(const TrainSpec& training, int64_t step, float gradientScale) {
    const double rate = learningRate(training, step);
    LionConstants constants;
    constants.gradientScale = gradientScale;
    constants.keep = float(1.0 - rate * training.weightDecay);
    constants.beta1 = float(training.beta1);
    constants.beta1Rest = float(1.0 - training.beta1);
    constants.beta2 = float(training.beta2);
    constants.beta2Rest = float(1.0 - training.beta2);
    constants.stepSize = float(rate);
    constants.gradientRest1 = float(double(gradientScale) * (1.0 - training.beta1));
    constants.gradientRest2 = float(double(gradientScale) * (1.0 - training.beta2));
    return constants;
}

std::unique_ptr<OptimizerStep> Lion::step(const TrainSpec& training, int64_t step, float gradientScale) const {
    return std::make_unique<ElementStep<LionMath>>(lionConstants(training, step, gradientScale));
}

double Lion::largestGradient(const TrainSpec&) const {
    // The moment is a mean of what was applied, and nothing is squared: room for the two terms of a blend.
    return 1e38;
}

}  // namespace gsst
