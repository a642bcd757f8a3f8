// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/program/program_writer.h"

namespace gsst {

ProgramWriter::ProgramWriter(const ProgramInputs& inputs, const ProgramVariant& variant, int microBatches)
    : m_inputs(inputs) {
    while (range(m_bodySlice).firstUnit == 0)
        ++m_bodySlice;
    while (range(m_headSlice).firstUnit < table().headUnit())
        ++m_headSlice;
    m_program.variant = variant;
    m_program.slices = int(inputs.slices.size());
    m_program.microBatches = microBatches;
    m_program.stateOnDisk = stateIsOnDisk(inputs);
}

bool stateIsOnDisk(const ProgramInputs& inputs) {
    for (int slice = 0; slice < int(inputs.slices.size()); ++slice)
        if (!inputs.placement.of(slice).stateInRam(inputs.format))
            return true;
    return false;
}

std::vector<int> ProgramWriter::vocabularySlices() const {
    std::vector<int> slices;
    const int first = tied() ? 0 : m_headSlice + 1;
    const int end = tied() ? m_bodySlice : sliceCount();
    for (int slice = first; vocabularyIsSliced() && slice < end; ++slice)
        slices.push_back(slice);
    return slices;
}

int ProgramWriter::newBuffer(Space space, BufferUse use, int64_t bytes) {
    m_program.buffers.push_back({space, use, bytes, -1});
    return int(m_program.buffers.size()) - 1;
}

int ProgramWriter::newMathBuffer(int64_t bytes) {
    const int buffer = newBuffer(Space::Device, BufferUse::Activation, bytes);
    m_program.buffers.back().byMath = true;
    return buffer;
}

int ProgramWriter::keptBuffer(BufferUse use, int slice, int64_t bytes) {
    const auto [place, isNew] = m_kept.try_emplace({use, slice}, kNoBuffer);
    if (isNew) {
        place->second = newBuffer(Space::Device, use, bytes);
        m_program.buffers.back().keptFor = slice;
    }
    return place->second;
}

Op& ProgramWriter::add(OpKind kind, int slice) {
    Op& op = m_program.ops.emplace_back();
    op.kind = kind;
    op.sweep = m_sweep;
    op.slice = int16_t(slice);
    return op;
}

Op& ProgramWriter::addChunk(OpKind kind, int slice, const ChunkRange& chunk) {
    Op& op = add(kind, slice);
    op.unit = int16_t(chunk.unit);
    op.firstBlock = chunk.firstBlock;
    op.blockCount = chunk.blockCount;
    op.unitOffset = chunk.unitOffset;
    op.elements = chunk.paddedElements;
    op.targetOffset = offsetInSlice(table(), range(slice), chunk.unit, chunk.unitOffset);
    return op;
}

std::vector<ChunkRange> ProgramWriter::chunksOf(int slice) const {
    return chunksOfSlice(table(), format(), range(slice), placement().chunkElements);
}

void ProgramWriter::commit(int slice) {
    add(OpKind::Commit, slice).slot = otherSlot();
    m_slot = otherSlot();
}

StepProgram ProgramWriter::finish() {
    std::vector<int> last(m_program.buffers.size(), -1);
    std::vector<bool> seen(m_program.buffers.size(), false);
    for (size_t i = 0; i < m_program.ops.size(); ++i)
        for (int buffer : m_program.ops[i].touches()) {
            if (!seen[size_t(buffer)])
                m_program.ops[i].acquires.push_back(buffer);
            seen[size_t(buffer)] = true;
            last[size_t(buffer)] = int(i);
        }
    for (size_t buffer = 0; buffer < last.size(); ++buffer)
        if (last[buffer] >= 0)
            m_program.ops[size_t(last[buffer])].releases.push_back(int(buffer));
    return std::move(m_program);
}

}  // namespace gsst
