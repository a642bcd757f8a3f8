// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/events.h"
#include "service/figures.h"

namespace gsst {

// What is told of the events of a run, in its log and to programs.

template <>
inline constexpr auto kFigures<StepDone> = std::tuple{
    figure("step", &StepDone::step),
    figure("loss", &StepDone::loss),
    figure("gradient_norm", &StepDone::gradientNorm),
    figure("clip_factor", &StepDone::clipFactor),
    figure("loss_scale", &StepDone::lossScale),
    figure("learning_rate", &StepDone::learningRate),
    figure("seconds", &StepDone::seconds),
    figure("tokens_per_second", &StepDone::tokensPerSecond),
    figure("seconds_left", &StepDone::secondsLeft, FigureUse::LiveOnly),
    figure("device_peak_bytes", &StepDone::devicePeakBytes),
    figure("ram_bytes", &StepDone::ramBytes),
    figure("read_bytes", &StepDone::readBytes),
    figure("written_bytes", &StepDone::writtenBytes),
    figure("read_wait_seconds", &StepDone::readWaitSeconds),
    figure("write_wait_seconds", &StepDone::writeWaitSeconds),
    figure("link_wait_seconds", &StepDone::linkWaitSeconds),
    figure("epoch", &StepDone::epoch),
};
static_assert(tellsAllBut<StepDone>(0), "every member of StepDone needs its figure");

template <>
inline constexpr auto kFigures<UnusualStep> = std::tuple{
    figure("step", &UnusualStep::step),
    figure("fault", &UnusualStep::fault),
    figure("skipped", &UnusualStep::skipped),
    figure("skipped_in_a_row", &UnusualStep::skippedInARow),
    figure("loss", &UnusualStep::loss),
    figure("usual_loss", &UnusualStep::usualLoss),
    figure("loss_sigmas", &UnusualStep::lossSigmas),
    figure("gradient_norm", &UnusualStep::gradientNorm),
    figure("usual_norm", &UnusualStep::usualNorm),
    figure("norm_sigmas", &UnusualStep::normSigmas),
};
static_assert(tellsAllBut<UnusualStep>(0), "every member of UnusualStep needs its figure");

template <>
inline constexpr auto kFigures<Validated> = std::tuple{
    figure("step", &Validated::step),
    figure("loss", &Validated::loss),
    figure("tokens", &Validated::tokens),
};
static_assert(tellsAllBut<Validated>(0), "every member of Validated needs its figure");

template <>
inline constexpr auto kFigures<Committed> = std::tuple{
    figure("step", &Committed::step),
    figure("generation", &Committed::generation),
    figure("root_hash", &Committed::rootHash),
};
static_assert(tellsAllBut<Committed>(0), "every member of Committed needs its figure");

template <>
inline constexpr auto kFigures<Sampled> = std::tuple{
    figure("step", &Sampled::step),
    figure("prompt", &Sampled::prompt),
    figure("text", &Sampled::text),
};
static_assert(tellsAllBut<Sampled>(0), "every member of Sampled needs its figure");

template <>
inline constexpr auto kFigures<Planned> = std::tuple{
    figure("steps", &Planned::steps),
    figure("first_step", &Planned::firstStep),
    figure("slices", &Planned::slices),
    figure("parameters", &Planned::parameters),
    figure("tokens_per_step", &Planned::tokensPerStep),
    figure("micro_batch", &Planned::microBatch),
    figure("seconds_per_step", &Planned::secondsPerStep),
    figure("device_peak_bytes", &Planned::devicePeakBytes),
    figure("device_limit_bytes", &Planned::deviceLimitBytes),
    figure("ram_peak_bytes", &Planned::ramPeakBytes),
    figure("ram_limit_bytes", &Planned::ramLimitBytes),
    figure("disk_bytes", &Planned::diskBytes),
    figure("read_bytes_per_step", &Planned::readBytesPerStep),
    figure("written_bytes_per_step", &Planned::writtenBytesPerStep),
    figure("bottleneck", &Planned::bottleneck),
    figure("streamed", &Planned::streamed),
};
// The cause is a word, and the slices are for the screen.
static_assert(tellsAllBut<Planned>(2), "every member of Planned needs its figure");

}  // namespace gsst
