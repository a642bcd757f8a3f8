// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/figures.h"
#include "service/plan_explanation.h"
#include "service/run_tools.h"

namespace gsst {

// What is told to programs of what the tools find.

template <>
inline constexpr auto kFigures<VerifyResult> = std::tuple{
    figure("step", &VerifyResult::step),
    figure("root_hash", &VerifyResult::rootHash),
    figure("weights_hash", &VerifyResult::weightsHash),
    figure("rank", &VerifyResult::rank),
    figure("ranks", &VerifyResult::ranks),
    figure("generation", &VerifyResult::generation),
    figure("notices", &VerifyResult::notices),
    figure("damage", &VerifyResult::damage),
    figure("previous_usable", &VerifyResult::previousUsable),
    figure("previous_step", &VerifyResult::previousStep),
};
static_assert(tellsAllBut<VerifyResult>(0), "every member of VerifyResult needs its figure");

template <>
inline constexpr auto kFigures<BenchVariant> = std::tuple{
    figure("seconds_per_step", &BenchVariant::secondsPerStep),
    figure("median_seconds", &BenchVariant::median),
    figure("predicted_seconds", &BenchVariant::predictedSeconds),
    figure("compute_seconds", &BenchVariant::computeSeconds),
    figure("read_wait_seconds", &BenchVariant::readWait),
    figure("write_wait_seconds", &BenchVariant::writeWait),
    figure("disk_seconds", &BenchVariant::diskSeconds),
    figure("roofline_seconds", &BenchVariant::rooflineSeconds),
    figure("update", &BenchVariant::updateRule),
    figure("clipped_share", &BenchVariant::clippedShare),
    figure("read_bytes", &BenchVariant::readBytes),
    figure("predicted_read_bytes", &BenchVariant::predictedReadBytes),
    figure("written_bytes", &BenchVariant::writtenBytes),
    figure("predicted_written_bytes", &BenchVariant::predictedWrittenBytes),
    figure("device_peak_bytes", &BenchVariant::devicePeak),
    figure("predicted_device_peak_bytes", &BenchVariant::predictedDevicePeak),
    figure("ram_peak_bytes", &BenchVariant::ramPeak),
    figure("predicted_ram_peak_bytes", &BenchVariant::predictedRamPeak),
    figure("flops", &BenchVariant::flops),
};
// The way is a word, and the time of each kind of op is an object of its own.
static_assert(tellsAllBut<BenchVariant>(2), "every member of BenchVariant needs its figure");

template <>
inline constexpr auto kFigures<PlanOutcome> = std::tuple{
    figure("update", &PlanOutcome::updateRule),
    figure("seconds_per_step", &PlanOutcome::secondsPerStep),
    figure("read_bytes_per_step", &PlanOutcome::readBytes),
    figure("written_bytes_per_step", &PlanOutcome::writtenBytes),
};
// What is chosen, and why there is no such plan, stand before the figures of one.
static_assert(tellsAllBut<PlanOutcome>(3), "every member of PlanOutcome needs its figure");

}  // namespace gsst
