// SPDX-License-Identifier: GPL-3.0-or-later
#include "insight/explain_plan.h"

#include "insight/slice_infos.h"
#include "plan/simulation.h"
#include "spec/describe_unit.h"

#include <cstddef>

namespace gsst {
namespace {

/// "layers 1 to 4", "head, tokens 16384 to 32767": parts of a vocabulary by what they have of it.
std::vector<std::string> namesOf(const TensorTable& table, const std::vector<SliceRange>& slices) {
    std::vector<std::string> names;
    for (const SliceInfo& info : sliceInfos(table, slices)) {
        const SliceRange& slice = slices[names.size()];
        const RowRange rows = rowsOfSlice(table, slice);
        names.push_back(wordsFor(info));
        if (slice.isPart() && rows.count > 0)
            names.back() += ", tokens " + std::to_string(rows.first) + " to " + std::to_string(rows.end() - 1);
    }
    return names;
}

ListedOp listed(const StepProgram& program, const Op& op, const OpTime& time) {
    ListedOp line;
    line.sweep = op.sweep;
    line.kind = op.kind;
    line.slice = op.slice;
    line.unit = op.unit;
    line.microBatch = op.microBatch;
    line.ioBytes = op.ioBytes;
    line.copyBytes = op.copyBytes;
    line.linkBytes = op.linkBytes;
    line.flops = op.flops;
    line.start = time.start;
    line.seconds = time.finish - time.start;
    line.readWait = time.readWait;
    line.linkWait = time.linkWait;
    line.writeWait = time.writeWait;
    const auto list = [&](const std::vector<int>& buffers, std::vector<ListedBuffer>& into) {
        for (int buffer : buffers) {
            const BufferInfo& info = program.buffers[size_t(buffer)];
            into.push_back({buffer, info.space, info.use, info.bytes, info.keptFor >= 0});
        }
    };
    list(op.acquires, line.acquires);
    list(op.releases, line.releases);
    return line;
}

}  // namespace

StepListing listStep(const CompiledPlan& plan, const HardwareProfile& hardware) {
    const std::vector<const StepProgram*> programs = plan.stepPrograms();
    const StepTimes times = simulateOps(programs, hardware, plan.plan().ringBytes);
    StepListing listing;
    listing.updateRule = plan.plan().updateName();
    listing.seconds = times.seconds;
    listing.slices = namesOf(plan.table(), plan.slices());
    for (const UnitInfo& unit : plan.table().units())
        listing.units.push_back({wordsFor(unit), labelFor(unit)});
    for (size_t number = 0; number < programs.size(); ++number) {
        const StepProgram& program = *programs[number];
        listing.programs.push_back(nameOf(program.variant.kind));
        for (size_t op = 0; op < program.ops.size(); ++op) {
            ListedOp line = listed(program, program.ops[op], times.programs[number][op]);
            line.program = int(number);
            listing.ops.push_back(std::move(line));
        }
    }
    return listing;
}

}  // namespace gsst
