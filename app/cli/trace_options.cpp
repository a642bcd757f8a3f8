// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/trace_options.h"

namespace gsst {

void addTraceOptions(CLI::App& command, TraceRequest& trace) {
    auto* file = command
                     .add_option("--trace", trace.file,
                                 "Write what happens in the first steps to this file, for ui.perfetto.dev")
                     ->type_name("FILE");
    command.add_option("--trace-steps", trace.steps, "Steps in the trace")
        ->type_name("N")
        ->default_str(std::to_string(trace.steps))
        ->check(CLI::PositiveNumber)
        ->needs(file);
}

}  // namespace gsst
