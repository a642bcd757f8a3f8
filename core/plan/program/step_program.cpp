// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/program/step_program.h"

namespace gsst {

const char* nameOf(OpKind kind) {
    switch (kind) {
    case OpKind::ReadState:
        return "read state";
    case OpKind::ReadGradient:
        return "read gradient";
    case OpKind::Update:
        return "update";
    case OpKind::WriteState:
        return "write state";
    case OpKind::ReadWeights:
        return "read weights";
    case OpKind::Materialize:
        return "materialize weights";
    case OpKind::ZeroGradient:
        return "zero gradient";
    case OpKind::ReadBoundary:
        return "read boundary";
    case OpKind::LoadBoundary:
        return "load boundary";
    case OpKind::LoadGradient:
        return "load gradient";
    case OpKind::Forward:
        return "forward";
    case OpKind::StoreBoundary:
        return "store boundary";
    case OpKind::WriteBoundary:
        return "write boundary";
    case OpKind::HeadSums:
        return "head sums";
    case OpKind::Head:
        return "head";
    case OpKind::Backward:
        return "backward";
    case OpKind::AllReduceGradient:
        return "all-reduce gradient";
    case OpKind::AllGatherWeights:
        return "all-gather weights";
    case OpKind::Norms:
        return "norms";
    case OpKind::StoreGradient:
        return "store gradient";
    case OpKind::WriteGradient:
        return "write gradient";
    case OpKind::StoreTiedGradient:
        return "store tied gradient";
    case OpKind::WriteTiedGradient:
        return "write tied gradient";
    case OpKind::ReadTiedGradient:
        return "read tied gradient";
    case OpKind::LoadTiedGradient:
        return "load tied gradient";
    case OpKind::Commit:
        return "commit";
    }
    return "unknown";
}

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

Operands Op::touches() const {
    Operands all;
    for (int buffer : {state, chunkGradient, current, weights, table, gradient, tableGradient, sums, input, output,
                       outputGradient, inputGradient, host, kept})
        all.add(buffer);
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
