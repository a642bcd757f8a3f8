// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/program/memory_peak.h"

#include "base/round_up.h"

namespace gsst {
namespace {

/// Small tensors of an op that the cost formulas leave out.
constexpr int64_t kSmallBytes = 16 << 10;

/// What the pool counts an allocation with.
int64_t counted(int64_t bytes) {
    return roundUp(bytes, 4096);
}

}  // namespace

MemoryPeak& MemoryPeak::operator+=(const MemoryPeak& other) {
    for (size_t use = 0; use < byUse.size(); ++use)
        add(BufferUse(use), other.byUse[use]);
    return *this;
}

MemoryPeak keptOf(const StepProgram& program) {
    MemoryPeak kept;
    for (const BufferInfo& info : program.buffers)
        if (info.keptFor >= 0)
            kept.add(info.use, counted(info.bytes));
    return kept;
}

MemoryPeak passingPeakOf(const StepProgram& program, Space space) {
    MemoryPeak live, peak;
    const auto account = [&](int buffer, int64_t sign) {
        const BufferInfo& info = program.buffers[size_t(buffer)];
        if (info.space == space && info.keptFor < 0)
            live.add(info.use, sign * counted(info.bytes));
    };
    for (const Op& op : program.ops) {
        for (int buffer : op.acquires)
            account(buffer, 1);
        const int64_t workspace = space == Space::Device && op.workspace > 0 ? op.workspace + kSmallBytes : 0;
        if (live.bytes + workspace > peak.bytes) {
            peak = live;
            peak.add(BufferUse::Activation, workspace);
        }
        for (int buffer : op.releases)
            account(buffer, -1);
    }
    return peak;
}

}  // namespace gsst
