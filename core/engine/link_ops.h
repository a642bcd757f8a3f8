// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/engine_parts.h"
#include "engine/program_run.h"
#include "io/async/io_workers.h"

#include <functional>
#include <optional>

namespace gsst {

/// Carries out the ops of the link lane, one after the other on a thread of their own, while the next slice is
/// computed. start() may be called from any thread; `done` is called on the link's.
class LinkOps {
public:
    using Done = std::function<void(Status)>;

    explicit LinkOps(const EngineParts& parts);
    void start(const Op& op, ProgramRun& run, Done done);

private:
    Status run(const Op& op, ProgramRun& run) const;

    const EngineParts& m_parts;
    std::optional<IoWorkers> m_thread;  ///< none without other ranks
};

}  // namespace gsst
