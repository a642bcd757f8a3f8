// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/program/dependencies.h"

#include <algorithm>

namespace gsst {

void DependencyTracker::read(const Key& key, size_t op, std::vector<size_t>& waits) {
    Access& access = m_access[key];
    if (access.written)
        waits.push_back(access.writer);
    access.readers.push_back(op);
}

void DependencyTracker::write(const Key& key, size_t op, std::vector<size_t>& waits) {
    Access& access = m_access[key];
    if (access.written)
        waits.push_back(access.writer);
    waits.insert(waits.end(), access.readers.begin(), access.readers.end());
    access.written = true;
    access.writer = op;
    access.readers.clear();  // keeps their memory for the next ones
}

std::vector<std::vector<size_t>> DependencyTracker::append(const StepProgram& program, size_t first, int oldSlot) {
    std::vector<std::vector<size_t>> all(program.ops.size());
    std::vector<std::ptrdiff_t> lastTouch(program.buffers.size(), -1);
    const Key gate{Kind::Gate, 0, 0};
    for (size_t i = 0; i < program.ops.size(); ++i) {
        const Op& op = program.ops[i];
        std::vector<size_t>& waits = all[i];
        const size_t self = first + i;
        for (int buffer : op.touches()) {
            std::ptrdiff_t& last = lastTouch[size_t(buffer)];
            if (last >= 0 && size_t(last) != i)
                waits.push_back(first + size_t(last));
            last = std::ptrdiff_t(i);
        }
        const int slot = op.slot == SlotRef::Old ? oldSlot : 1 - oldSlot;
        switch (op.kind) {
        case OpKind::ReadState:
        case OpKind::ReadWeights:
            read({Kind::State, slot, op.firstBlock}, self, waits);
            break;
        case OpKind::Update:
            if (op.usesRam)
                write({Kind::Copy, 0, op.firstBlock}, self, waits);
            break;
        case OpKind::Materialize:
            if (op.usesRam)
                read({Kind::Copy, 0, op.firstBlock}, self, waits);
            break;
        case OpKind::AllReduceGradient:
            write({Kind::Link, 0, 0}, self, waits);
            break;
        case OpKind::AllGatherWeights:
            write({Kind::Link, 0, 0}, self, waits);
            if (op.usesRam)
                write({Kind::Copy, 0, op.firstBlock}, self, waits);
            break;
        case OpKind::ReadBoundary:
            read({Kind::Boundary, 0, op.boundary}, self, waits);
            break;
        case OpKind::WriteBoundary:
            write({Kind::Boundary, 0, op.boundary}, self, waits);
            break;
        case OpKind::ReadTiedGradient:
            read({Kind::Share, 0, op.firstBlock}, self, waits);
            break;
        case OpKind::WriteTiedGradient:
            write({Kind::Share, 0, op.firstBlock}, self, waits);
            break;
        case OpKind::ReadGradient:
            read({Kind::Gradient, 0, op.firstBlock}, self, waits);
            break;
        case OpKind::WriteGradient:
            write({Kind::Gradient, 0, op.firstBlock}, self, waits);
            break;
        case OpKind::WriteState:
            write({Kind::State, slot, op.firstBlock}, self, waits);
            if (op.usesRam)
                read({Kind::Copy, 0, op.firstBlock}, self, waits);
            read(gate, self, waits);
            m_uncommitted.push_back(self);
            break;
        case OpKind::Commit:
            write(gate, self, waits);
            waits.insert(waits.end(), m_uncommitted.begin(), m_uncommitted.end());
            m_uncommitted.clear();
            break;
        case OpKind::ZeroGradient:
        case OpKind::LoadBoundary:
        case OpKind::LoadGradient:
        case OpKind::Forward:
        case OpKind::StoreBoundary:
        case OpKind::HeadSums:
        case OpKind::Head:
        case OpKind::Backward:
        case OpKind::Norms:
        case OpKind::StoreGradient:
        case OpKind::StoreTiedGradient:
        case OpKind::LoadTiedGradient:
            break;  // they touch buffers only, or RAM in the order of the compute lane
        }
        std::sort(waits.begin(), waits.end());
        waits.erase(std::unique(waits.begin(), waits.end()), waits.end());
    }
    return all;
}

int slotAfter(const StepProgram& program, int oldSlot) {
    const auto commits =
        std::count_if(program.ops.begin(), program.ops.end(), [](const Op& op) { return op.kind == OpKind::Commit; });
    return commits % 2 == 0 ? oldSlot : 1 - oldSlot;
}

void DependencyTracker::clear() {
    m_access.clear();
    m_uncommitted.clear();
}

}  // namespace gsst
