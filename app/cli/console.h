// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "service/events.h"
#include "spec/json_text.h"

#include <string>
#include <vector>

namespace gsst {

/// Version of everything that --json prints: it grows when a key changes its meaning or goes away.
inline constexpr int kJsonSchema = 1;
/// `object` with "schema" behind its other keys, in one line.
std::string jsonLine(const Json& object);
/// The same to standard output, in lines that people can read.
void printJson(const Json& object);

/// Prints the error to stderr, as JSON to stdout too if `json`, and returns the program's exit code.
int reportError(const Error& error, bool json);

/// Progress of preparation on stderr: one line that is rewritten on a terminal, else a line for each new job.
void showProgress(const Progress& progress);
/// Shows the parts, two blanks apart, in the line that is rewritten: as many of them as the terminal is wide. Only
/// where isTerminal().
void rewriteLine(const std::vector<std::string>& parts);
/// Ends a line that was rewritten.
void endProgress();

/// "Reading the text  12 of 340 MiB"; without what is not known.
std::string progressText(const Progress& progress);
/// The first `columns` characters (UTF-8, one column each) of `text`.
std::string cutTo(const std::string& text, int columns);
/// The parts two blanks apart, as many as fit whole; of the first one what fits.
std::string partsThatFit(const std::vector<std::string>& parts, int columns);
/// A line for stderr: broken at blanks where a terminal is too narrow for it, else as it is.
std::string fitted(const std::string& line);

/// Whether stderr, where progress goes, is a terminal; by platform.
bool isTerminal();
/// Columns of that terminal; 80 if it does not say. By platform.
int terminalWidth();

}  // namespace gsst
