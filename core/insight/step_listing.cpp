// SPDX-License-Identifier: GPL-3.0-or-later
#include "insight/explain_plan.h"

#include "insight/slice_infos.h"
#include "plan/search/steady_step.h"
#include "spec/describe_unit.h"

#include <cstddef>

namespace gsst {
namespace {

const char* nameOf(Lane lane) {
    switch (lane) {
    case Lane::Read:
        return "read";
    case Lane::Write:
        return "write";
    case Lane::Link:
        return "link";
    case Lane::Compute:
        break;
    }
    return "compute";
}

const char* nameOf(Space space) {
    return space == Space::Staging ? "staging" : space == Space::Device ? "device" : "RAM";
}

const char* nameOf(BufferUse use) {
    switch (use) {
    case BufferUse::State:
        return "state";
    case BufferUse::ChunkGradient:
        return "stored gradient";
    case BufferUse::Weights:
        return "weights";
    case BufferUse::Gradient:
        return "gradient";
    case BufferUse::Activation:
        return "activation";
    }
    return "unknown";
}

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

/// The first op after the last that computes the loss: there the backward sweep begins.
size_t endOfForward(const StepProgram& program) {
    size_t end = 0;
    for (size_t op = 0; op < program.ops.size(); ++op)
        if (program.ops[op].kind == OpKind::Head)
            end = op + 1;
    return end;
}

const char* phaseOf(const StepProgram& program, size_t op, size_t endOfForward) {
    switch (program.variant.kind) {
    case ProgramKind::Step:
        return op < endOfForward ? "forward" : "backward";
    case ProgramKind::Commit:
        return "commit";
    default:
        return "update";
    }
}

ListedOp listed(const StepProgram& program, const Op& op, const OpTime& time) {
    ListedOp line;
    line.lane = nameOf(laneOf(op.kind));
    line.kind = nameOf(op.kind);
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
            into.push_back({buffer, nameOf(info.space), nameOf(info.use), info.bytes, info.keptFor >= 0});
        }
    };
    list(op.acquires, line.acquires);
    list(op.releases, line.releases);
    return line;
}

}  // namespace

StepListing listStep(const PlanBasis& basis, const Plan& plan) {
    TrainSpec training = basis.spec.training;
    training.microBatch = plan.microBatch;
    const StateFormat format(basis.table, training.state, plannedShard(training, basis.machine.ranks));
    const ProgramBuilder builder(basis.table, format, training, plan.placement);
    const std::vector<StepProgram> programs = steadyStep(builder, plan);
    const SteadyTimes times = simulateSteadyStep(programs, basis.hardware, plan.ringBytes);
    StepListing listing;
    listing.updateRule = plan.stateOnDisk ? nameOf(plan.rule) : "in place";
    listing.seconds = times.seconds;
    listing.slices = namesOf(basis.table, builder.slices());
    for (const UnitInfo& unit : basis.table.units())
        listing.units.push_back({wordsFor(unit), labelFor(unit)});
    for (size_t program = 0; program < programs.size(); ++program) {
        listing.programs.push_back(nameOf(programs[program].variant.kind));
        const size_t end = endOfForward(programs[program]);
        for (size_t op = 0; op < programs[program].ops.size(); ++op) {
            ListedOp line = listed(programs[program], programs[program].ops[op], times.programs[program][op]);
            line.program = int(program);
            line.phase = phaseOf(programs[program], op, end);
            listing.ops.push_back(std::move(line));
        }
    }
    return listing;
}

}  // namespace gsst
