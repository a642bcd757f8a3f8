// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace gsst {

/// Seconds that processors have worked so far, all of them together, no less exact than 20 ms. By platform.
struct ProcessorTime {
    double process = 0;  ///< for this process
    double system = 0;   ///< for whatever there is on this computer; 0 if that cannot be told
};
ProcessorTime processorTime();

}  // namespace gsst
