// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/engine_parts.h"
#include "engine/program_run.h"

#include <cstddef>

namespace gsst {

/// First byte of the op's `kind` of state: in its staging buffer, or in the RAM copy. The op's rank must hold that kind
/// of these blocks.
inline std::byte* stateSection(const EngineParts& parts, const Op& op, const ProgramRun& run, StateKind kind) {
    if (!(op.staged & bitOf(kind)))
        return parts.hostSection(op, kind);
    int64_t offset = 0;
    for (StateKind before : parts.format().kinds())
        if (before < kind && op.staged & bitOf(before))
            offset += parts.format().bytes(op.firstBlock, op.blockCount, before);
    return run.data(op.state) + offset;
}

}  // namespace gsst
