// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace gsst {

/// Counts requests to stop (Ctrl-C, termination) from now on instead of dying by them.
void watchStopRequests();
int stopRequests();

}  // namespace gsst
