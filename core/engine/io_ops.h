// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/engine_parts.h"
#include "engine/program_run.h"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace gsst {

/// Starts the ops of the read and write lanes. Checks sums of what is read and makes sums of what is written on the I/O
/// threads, unless the math has them (EngineParts::sumsWithMath). Thread-safe for distinct ops.
class IoOps {
public:
    using Done = std::function<void(Status)>;

    explicit IoOps(const EngineParts& parts) : m_parts(parts) {}

    /// Returns at once; `done` is called exactly once, on an I/O thread. Buffers of the op are live until then.
    void start(const Op& op, ProgramRun& run, Done done);

private:
    /// One contiguous piece of a slot file and the memory it goes to or comes from.
    struct Section {
        StateKind kind{};
        std::byte* data = nullptr;
    };
    std::vector<Section> sectionsOf(const Op& op, const ProgramRun& run) const;
    void moveSections(const Op& op, ProgramRun& run, bool writing, Done done);
    void move(File& file, uint64_t offset, std::span<std::byte> memory, bool writing, Done done);
    void moveGradient(const Op& op, ProgramRun& run, bool writing, Done done);
    void moveTiedGradient(const Op& op, ProgramRun& run, bool writing, Done done);
    void moveBoundary(const Op& op, ProgramRun& run, bool writing, Done done);
    void commit(const Op& op, ProgramRun& run, Done done);
    Status checkSection(const Op& op, int slot, const Section& section) const;
    void recordSection(const Op& op, const ProgramRun& run, int slot, const Section& section) const;

    const EngineParts& m_parts;
};

}  // namespace gsst
