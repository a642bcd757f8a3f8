// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace gsst {

double learningRate(const TrainSpec& training, int64_t step) {
    if (step <= training.warmupSteps)
        return training.learningRate * double(step) / double(std::max<int64_t>(1, training.warmupSteps));
    if (training.schedule == ScheduleKind::Constant)
        return training.learningRate;
    const double span = double(std::max<int64_t>(1, training.steps - training.warmupSteps));
    const double progress = std::clamp(double(step - training.warmupSteps) / span, 0.0, 1.0);
    return training.minLearningRate +
           (training.learningRate - training.minLearningRate) * 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
}

}  // namespace gsst
