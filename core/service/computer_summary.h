// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/computer_report.h"
#include "spec/train_spec.h"

namespace gsst {

// What follows from the figures of a computer: rules of thumb for people who have not chosen a model yet. A plan knows
// better.

/// Of the free RAM, what a run takes by default.
inline constexpr double kShareOfFreeRam = 0.7;

/// Seconds of arithmetic for one token and parameter: forward, then backward with what the forward did once more.
double tokenSeconds(const ComputerReport& report);
/// Tokens a second with which a model of so many parameters trains, by the arithmetic alone.
double trainedTokensPerSecond(const ComputerReport& report, double parameters);
/// Parameters of the model that sees 20 tokens a parameter, a usual measure, within a week.
double parametersInAWeek(const ComputerReport& report);
/// Parameters whose state "exact" the optimizer updates in a second, in memory.
double updatedParametersPerSecond(const ComputerReport& report);

/// Tokens a step from which streaming takes no longer than the arithmetic, with the state "exact".
double hiddenFromTokens(const ComputerReport& report);

/// Parameters of the largest model that trains in the free RAM, with the state "exact".
double parametersInRam(const ComputerReport& report);
/// Parameters of the largest model whose run has room on the drive. `state` is Exact or Lean.
double parametersOnDrive(const ComputerReport& report, StatePreset state);

/// Where a model of so many parameters would live.
enum class ModelHome { Ram, Drive, DriveWhenLean, Nowhere };
ModelHome homeOf(double parameters, const ComputerReport& report);

/// Matrix products in bf16 beside those in fp32: so much faster that they are worth it, or so much slower that they are
/// not.
enum class Bf16Speed { Faster, Alike, Slower };
Bf16Speed bf16Speed(const ComputerReport& report);
/// Memory copies so much faster than the drive that it cannot hold streaming up.
bool memoryOutrunsDrive(const ComputerReport& report);

}  // namespace gsst
