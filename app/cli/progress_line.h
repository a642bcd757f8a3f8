// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/events.h"

#include <string>
#include <vector>

namespace gsst {

/// "45 %", "7 h 25 min left", "step 412/916", "loss 2.0360", "2473 tokens/s", "memory 6 GiB", "disk 980 MB/s": what
/// matters most comes first.
std::vector<std::string> stepParts(const StepDone& step, int64_t steps);
/// All of them in one line.
std::string stepLine(const StepDone& step, int64_t steps);

/// One event as one line of JSON, for programs; empty for events that are only of interest to a screen.
std::string eventJson(const Event& event);

}  // namespace gsst
