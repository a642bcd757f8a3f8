// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "machine/processor_time.h"

#include <cstdint>
#include <functional>

namespace gsst {

/// What a measurement reads: the computer's clock and the time of its processors, or in tests others.
struct Meters {
    const Clock& clock = systemClock();
    std::function<ProcessorTime()> processors = processorTime;
};

/// Seconds that `work` usually takes when nothing else gets in its way: several calls, after one to warm up, until that
/// is known well enough or takes long. `prepare`, which may be empty, goes before every call and is not timed. On a
/// busy computer one of the shorter calls counts, and calls that are too long for one of them to stay undisturbed are
/// judged by what they cost the processors, which the others do not change: undisturbed, they keep `threads` busy for
/// nearly all of the time. The first error of either ends it.
Result<double> usualSeconds(int64_t threads, const std::function<Status()>& work,
                            const std::function<Status()>& prepare = {}, const Meters& meters = {});

}  // namespace gsst
