// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "train/events.h"

#include <string>

namespace gsst {

/// Prints the error to stderr, as JSON to stdout too if `json`, and returns the program's exit code.
int reportError(const Error& error, bool json);

/// Progress of preparation on stderr: one line that is rewritten on a terminal, else a line for each new job.
void showProgress(const Progress& progress);
/// Ends a progress line that is still open.
void endProgress();

/// Whether stderr, where progress goes, is a terminal; by platform.
bool isTerminal();

}  // namespace gsst
