// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/adamw.h"

#include "optim/element_step.h"
#include "optim/schedule.h"

#include <algorithm>
#include <cmath>

namespace gsst {

AdamWConstants adamwConstants(const TrainSpec& training, int64_t step, float gradientScale) {
    const double rate = learningRate(training, step);
    const double rootCorrection = std::sqrt(1.0 - std::pow(training.beta2, double(step)));
    AdamWConstants constants;
    constants.gradientScale = gradientScale;
    constants.keep = float(1.0 - rate * training.weightDecay);
    constants.beta1 = float(training.beta1);
    constants.beta1Rest = float(1.0 - training.beta1);
    constants.beta2 = float(training.beta2);
    constants.beta2Rest = float(1.0 - training.beta2);
    constants.stepSize = float(rate / (1.0 - std::pow(training.beta1, double(step))));
    constants.rootCorrection = float(rootCorrection);
    constants.epsilon = float(training.epsilon);
    constants.gradientRest1 = float(double(gradientScale) * (1.0 - training.beta1));
    constants.gradientRest2 = float(double(gradientScale) * std::sqrt(1.0 - training.beta2));
    constants.rootFactor = float(1.0 / rootCorrection);
    return constants;
}

std::unique_ptr<OptimizerStep> AdamW::step(const TrainSpec& training, int64_t step, float gradientScale) const {
    return std::make_unique<ElementStep<AdamWMath>>(adamwConstants(training, step, gradientScale));
}

double AdamW::largestGradient(const TrainSpec& training) const {
    // Moments are means of what was applied: where no gradient is larger, no first moment is, and no second moment is
    // larger than the square. A weight changes by first moment / epsilon at most.
    constexpr double kLargestWithSquare = 1e18;
    constexpr double kLargestChange = 1e36;
    const double largestStepSize = training.learningRate / (1.0 - training.beta1);
    return std::min(kLargestWithSquare, kLargestChange * training.epsilon / largestStepSize);
}

}  // namespace gsst
