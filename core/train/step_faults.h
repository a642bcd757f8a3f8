// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "service/events.h"
#include "train/trainer.h"

#include <filesystem>
#include <string>

namespace gsst {

/// A run pauses when this many steps in a row were skipped, and after as many more if it goes on all the same.
inline constexpr int kSkipsThatPause = 3;

/// What the verdict on a step says, for readers.
UnusualStep unusualStep(const StepResult& result);

/// For the log, when the loss scale has changed.
std::string sentenceOfScale(const StepResult& result);

/// For the log: "Step 812 was skipped: the loss is 9.31, 41 standard deviations above the 2.07 of the recent steps; the
/// gradient norm ...".
std::string sentenceOf(const UnusualStep& step);

/// Why the run pauses after `last`, and the ways on.
Error becameUnstable(const UnusualStep& last, const std::filesystem::path& runFolder);

}  // namespace gsst
