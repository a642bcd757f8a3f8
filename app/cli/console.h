// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "service/events.h"

#include <string>

namespace gsst {

/// Prints the error to stderr, as JSON to stdout too if `json`, and returns the program's exit code.
int reportError(const Error& error, bool json);

/// Progress of preparation on stderr: one line that is rewritten on a terminal, else a line for each new job.
void showProgress(const Progress& progress);
/// Shows `text` in the line that is rewritten; what is wider than the terminal is cut off. Only where isTerminal().
void rewriteLine(const std::string& text);
/// Ends a line that was rewritten.
void endProgress();

/// "Reading the text  12 of 340 MiB"; without what is not known.
std::string progressText(const Progress& progress);
/// The first `columns` characters (UTF-8, one column each) of `text`.
std::string cutTo(const std::string& text, int columns);

/// Whether stderr, where progress goes, is a terminal; by platform.
bool isTerminal();
/// Columns of that terminal; 80 if it does not say. By platform.
int terminalWidth();

}  // namespace gsst
