// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/train_spec.h"

#include <cstdint>

namespace gsst {

/// Learning rate of 1-based `step`: learningRate * step / warmupSteps up to warmupSteps, then constant, or cosine to
/// minLearningRate at the last step and from there on: min + (lr - min) * (1 + cos(pi * progress)) / 2 (Loshchilov and
/// Hutter, SGDR, without restarts).
double learningRate(const TrainSpec& training, int64_t step);

}  // namespace gsst
