// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/program/program_assembly.h"

namespace gsst {

ProgramAssembly::ProgramAssembly(const TensorTable& table, const StateFormat& format, const TrainSpec& training,
                                 const Placement& placement, const std::vector<SliceRange>& slices,
                                 const ProgramVariant& variant, int microBatches)
    : m_table(table), m_format(format), m_training(training), m_placement(placement), m_slices(slices) {
    while (m_slices[size_t(m_bodySlice)].firstUnit == 0)
        ++m_bodySlice;
    while (m_slices[size_t(m_headSlice)].firstUnit < table.headUnit())
        ++m_headSlice;
    m_program.variant = variant;
    m_program.slices = int(slices.size());
    m_program.microBatches = microBatches;
    m_program.stateOnDisk = false;
    for (int slice = 0; slice < m_program.slices; ++slice)
        m_program.stateOnDisk = m_program.stateOnDisk || !placement.of(slice).stateInRam(format);
}

std::vector<int> ProgramAssembly::vocabularySlices() const {
    std::vector<int> slices;
    const int first = tied() ? 0 : m_headSlice + 1;
    const int end = tied() ? m_bodySlice : sliceCount();
    for (int slice = first; vocabularyIsSliced() && slice < end; ++slice)
        slices.push_back(slice);
    return slices;
}

int ProgramAssembly::newBuffer(Space space, BufferUse use, int64_t bytes) {
    m_program.buffers.push_back({space, use, bytes, -1});
    return int(m_program.buffers.size()) - 1;
}

int ProgramAssembly::keptBuffer(BufferUse use, int slice, int64_t bytes) {
    const auto [place, isNew] = m_kept.try_emplace({use, slice}, kNoBuffer);
    if (isNew) {
        place->second = newBuffer(Space::Device, use, bytes);
        m_program.buffers.back().keptFor = slice;
    }
    return place->second;
}

Op& ProgramAssembly::add(OpKind kind, int slice) {
    Op& op = m_program.ops.emplace_back();
    op.kind = kind;
    op.sweep = m_sweep;
    op.slice = int16_t(slice);
    return op;
}

Op& ProgramAssembly::addChunk(OpKind kind, int slice, const ChunkRange& chunk) {
    Op& op = add(kind, slice);
    op.unit = int16_t(chunk.unit);
    op.firstBlock = chunk.firstBlock;
    op.blockCount = chunk.blockCount;
    op.unitOffset = chunk.unitOffset;
    op.elements = chunk.paddedElements;
    op.targetOffset = offsetInSlice(m_table, m_slices[size_t(slice)], chunk.unit, chunk.unitOffset);
    return op;
}

std::vector<ChunkRange> ProgramAssembly::chunksOf(int slice) const {
    return chunksOfSlice(m_table, m_format, m_slices[size_t(slice)], m_placement.chunkElements);
}

StepProgram ProgramAssembly::finish() {
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
