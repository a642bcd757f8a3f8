// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "machine/processor_time.h"

#include <cstdint>
#include <optional>

namespace gsst {

/// How much of the processor other programs leave to this one.
struct ProcessorShare {
    double others = 0;  ///< cores that they keep busy
    double share = 1;   ///< of the speed that `threads` of this process have alone
};

/// Tells when other programs take the processor from a computation of so many threads, and when they leave it again.
/// What it says holds for seconds, not for moments: it looks at spans of several, and small changes are none. One
/// thread; reads no clock of its own.
class ProcessorWatch {
public:
    /// `cores`: logical processors of the computer.
    ProcessorWatch(int64_t threads, int64_t cores) : m_threads(threads), m_cores(cores) {}

    /// After a piece of work: what time it is, in seconds, and what the processors have done so far. The share from now
    /// on, if it is clearly another one than before; it begins with 1. Nothing where the system does not tell.
    std::optional<ProcessorShare> look(double now, const ProcessorTime& spent);

private:
    struct Look {
        double now = 0;
        ProcessorTime spent;
    };

    int64_t m_threads;
    int64_t m_cores;
    std::optional<Look> m_before;
    double m_share = 1;               ///< as told last
    std::optional<double> m_changed;  ///< of the span before, if it was another one: a span may be a mixed one
};

}  // namespace gsst
