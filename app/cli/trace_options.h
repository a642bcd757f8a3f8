// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/training_service.h"

#include <CLI/CLI.hpp>

namespace gsst {

/// Adds --trace and --trace-steps, which fill in `trace`; it outlives the command.
void addTraceOptions(CLI::App& command, TraceRequest& trace);

}  // namespace gsst
