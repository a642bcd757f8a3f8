// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace gsst {

/// Counts requests to stop (Ctrl-C, termination, the terminal is closed) from now on instead of dying by them; the
/// third ends the program.
void watchStopRequests();
int stopRequests();

}  // namespace gsst
