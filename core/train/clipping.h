// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/step_driver.h"
#include "spec/train_spec.h"

namespace gsst {

/// A step whose norm is more than this many times the one before is clipped by its own norm with
/// ClipKind::PreviousNorm.
inline constexpr double kNormJump = 2.0;

/// The recipe's loss scaling: none but for fp16.
LossScaling lossScaling(const TrainSpec& training);

/// The recipe's clipping for the step driver, in the arithmetic of torch.nn.utils.clip_grad_norm_. `units` of the
/// model: ClipKind::PerUnit bounds each unit's norm by clipNorm / sqrt(units), so that all of them at the bound make
/// clipNorm.
ClipFunctions clipFunctions(const TrainSpec& training, int units);

}  // namespace gsst
