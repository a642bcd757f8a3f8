// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io_ops.h"

#include "engine/agreement.h"
#include "engine/state_sections.h"
#include "store/state_hash.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

namespace gsst {
namespace {

/// Calls `done` once, with the first error, after `parts` pieces have reported.
class Gather {
public:
    Gather(int parts, IoOps::Done done) : m_left(parts), m_done(std::move(done)) {}
    void report(Status status) {
        {
            const std::lock_guard lock(m_mutex);
            if (!status.ok() && m_first.ok())
                m_first = std::move(status);
            if (--m_left > 0)
                return;
        }
        m_done(std::move(m_first));
    }

private:
    std::mutex m_mutex;
    int m_left;
    Status m_first;
    IoOps::Done m_done;
};

}  // namespace

void IoOps::start(const Op& op, ProgramRun& run, Done done) {
    switch (op.kind) {
    case OpKind::ReadState:
    case OpKind::ReadWeights:
        return moveSections(op, run, false, std::move(done));
    case OpKind::WriteState:
        return moveSections(op, run, true, std::move(done));
    case OpKind::ReadGradient:
        return moveGradient(op, run, false, std::move(done));
    case OpKind::WriteGradient:
        return moveGradient(op, run, true, std::move(done));
    case OpKind::ReadTiedGradient:
        return moveTiedGradient(op, run, false, std::move(done));
    case OpKind::WriteTiedGradient:
        return moveTiedGradient(op, run, true, std::move(done));
    case OpKind::ReadBoundary:
        return moveBoundary(op, run, false, std::move(done));
    case OpKind::WriteBoundary:
        return moveBoundary(op, run, true, std::move(done));
    case OpKind::Commit:
        return commit(op, run, std::move(done));
    case OpKind::Update:
    case OpKind::Materialize:
    case OpKind::ZeroGradient:
    case OpKind::LoadBoundary:
    case OpKind::LoadGradient:
    case OpKind::Forward:
    case OpKind::StoreBoundary:
    case OpKind::HeadSums:
    case OpKind::Head:
    case OpKind::Backward:
    case OpKind::AllReduceGradient:
    case OpKind::AllGatherWeights:
    case OpKind::Norms:
    case OpKind::StoreGradient:
    case OpKind::StoreTiedGradient:
    case OpKind::LoadTiedGradient:
        return;  // ops of other lanes never come here
    }
}

/// What a read brings to staging; a write also takes what is in RAM.
std::vector<IoOps::Section> IoOps::sectionsOf(const Op& op, const ProgramRun& run) const {
    std::vector<Section> sections;
    const StateFormat& format = m_parts.format();
    for (StateKind kind : format.kinds())
        if (op.kind == OpKind::WriteState ? format.holds(op.firstBlock, kind) : (op.fetched & bitOf(kind)) != 0)
            sections.push_back({kind, stateSection(m_parts, op, run, kind)});
    return sections;
}

void IoOps::moveSections(const Op& op, ProgramRun& run, bool writing, Done done) {
    const std::vector<Section> sections = sectionsOf(op, run);
    const int slot = run.slotOf(op.slot);
    File& file = m_parts.store->file(slot);
    auto gather = std::make_shared<Gather>(int(sections.size()), std::move(done));
    for (const Section& section : sections) {
        const Extent extent = m_parts.store->layout().blocks(op.firstBlock, op.blockCount, section.kind);
        const std::span<std::byte> memory(section.data, extent.bytes);
        if (writing) {
            m_parts.io->write(file, extent.offset, memory, [this, &op, &run, slot, section, gather](Status status) {
                if (status.ok())
                    recordSection(op, run, slot, section);
                gather->report(std::move(status));
            });
        } else {
            m_parts.io->read(file, extent.offset, memory, [this, &op, slot, section, gather](Status status) {
                if (status.ok() && !m_parts.sumsWithMath)
                    status = checkSection(op, slot, section);
                gather->report(std::move(status));
            });
        }
    }
}

Status IoOps::checkSection(const Op& op, int slot, const Section& section) const {
    const std::byte* data = section.data;
    for (int block = op.firstBlock; block < op.firstBlock + op.blockCount; ++block) {
        const size_t bytes = size_t(m_parts.format().bytes(block, section.kind));
        GSST_TRY(m_parts.store->checkBlock(slot, block, section.kind, {data, bytes}));
        data += bytes;
    }
    return {};
}

void IoOps::recordSection(const Op& op, const ProgramRun& run, int slot, const Section& section) const {
    const std::byte* data = section.data;
    // Not what other ranks have updated, and not in a program that only writes out what is in RAM.
    const bool summed = m_parts.format().owns(op.firstBlock) && !run.sums.empty();
    for (int block = op.firstBlock; block < op.firstBlock + op.blockCount; ++block) {
        const size_t bytes = size_t(m_parts.format().bytes(block, section.kind));
        m_parts.store->recordSum(slot, block, section.kind,
                                 summed ? run.sums[size_t(block)][size_t(section.kind)] : stateSum({data, bytes}));
        data += bytes;
    }
}

void IoOps::move(File& file, uint64_t offset, std::span<std::byte> memory, bool writing, Done done) {
    if (writing)
        m_parts.io->write(file, offset, memory, std::move(done));
    else
        m_parts.io->read(file, offset, memory, std::move(done));
}

void IoOps::moveGradient(const Op& op, ProgramRun& run, bool writing, Done done) {
    const auto offset = uint64_t(m_parts.format().gradientBytes(0, op.firstBlock));
    const std::span<std::byte> memory(run.data(op.chunkGradient),
                                      size_t(m_parts.format().gradientBytes(op.firstBlock, op.blockCount)));
    move(*m_parts.gradients, offset, memory, writing, std::move(done));
}

/// Only the embedding has any, so its unit begins the file.
void IoOps::moveTiedGradient(const Op& op, ProgramRun& run, bool writing, Done done) {
    const std::span<std::byte> memory(run.data(op.host), size_t(op.ioBytes));
    const uint64_t offset = uint64_t(op.unitOffset * kGradientBytes);
    move(*m_parts.shares, offset, memory, writing, std::move(done));
}

void IoOps::moveBoundary(const Op& op, ProgramRun& run, bool writing, Done done) {
    const std::span<std::byte> memory(run.data(op.host), size_t(op.ioBytes));
    const uint64_t offset = uint64_t(op.boundary) * uint64_t(op.ioBytes);
    move(*m_parts.boundaries, offset, memory, writing, std::move(done));
}

void IoOps::commit(const Op& op, ProgramRun& run, Done done) {
    m_parts.io->run([this, &op, &run, done = std::move(done)] {
        Status status = commitTogether(*m_parts.collective, *m_parts.store, run.slotOf(op.slot), run.context.record);
        if (status.ok() && m_parts.observer)
            m_parts.observer->committed(m_parts.store->committed());
        done(std::move(status));
    });
}

}  // namespace gsst
