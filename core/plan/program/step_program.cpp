// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/program/step_program.h"

namespace gsst {

namespace {

/// By Operand.
constexpr std::array<int Op::*, kOperands> kMembers{
    &Op::state,          &Op::chunkGradient, &Op::current, &Op::weights, &Op::table,
    &Op::gradient,       &Op::tableGradient, &Op::sums,    &Op::input,   &Op::output,
    &Op::outputGradient, &Op::inputGradient, &Op::host,    &Op::kept};

}  // namespace

const char* nameOf(ProgramKind kind) {
    switch (kind) {
    case ProgramKind::Step:
        return "step";
    case ProgramKind::UpdateOnly:
        return "update only";
    case ProgramKind::Commit:
        return "commit";
    case ProgramKind::Evaluate:
        return "evaluate";
    case ProgramKind::WriteOut:
        return "write out";
    case ProgramKind::LoadWeights:
        return "load weights";
    }
    return "unknown";
}

std::vector<ProgramVariant> stepVariants(bool stateOnDisk, BackwardUpdate update) {
    if (!stateOnDisk)
        return {stepVariant(false, BackwardUpdate::None), kUpdateOnlyProgram};
    if (update == BackwardUpdate::None)
        return {stepVariant(true, update)};
    return {stepVariant(false, update), kCommitProgram};
}

int Op::operand(Operand which) const {
    return this->*kMembers[size_t(which)];
}

Operands Op::touches() const {
    const OperandSet& mine = traitsOf(kind).operands;
    Operands all;
    for (size_t which = 0; which < kOperands; ++which)
        if (mine.has(Operand(which)))
            all.add(operand(Operand(which)));
    return all;
}

int64_t StepProgram::readBytes() const {
    int64_t bytes = 0;
    for (const Op& op : ops)
        bytes += laneOf(op.kind) == Lane::Read ? op.ioBytes : 0;
    return bytes;
}

int64_t StepProgram::writtenBytes() const {
    int64_t bytes = 0;
    for (const Op& op : ops)
        bytes += laneOf(op.kind) == Lane::Write ? op.ioBytes : 0;
    return bytes;
}

double StepProgram::flops() const {
    double sum = 0;
    for (const Op& op : ops)
        sum += op.flops;
    return sum;
}

}  // namespace gsst
