// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/program_builder.h"

#include "plan/state_bytes.h"
#include "spec/cost.h"

#include <algorithm>
#include <map>
#include <utility>

namespace gsst {
namespace {

/// Writes one program op by op. Buffer lifetimes are not managed here: they follow from first and last use (see finish()).
class Assembly {
public:
    Assembly(const TensorTable& table, const TrainSpec& training, const Placement& placement,
             const std::vector<SliceRange>& slices, ProgramKind kind, int microBatches)
        : m_table(table), m_training(training), m_placement(placement), m_slices(slices) {
        m_program.kind = kind;
        m_program.resident = placement.stateResident;
        m_program.slices = int(slices.size());
        m_program.microBatches = microBatches;
        m_boundaryBytes = boundaryBytes(table.model(), training);
    }

    void forwardSweep(bool updating, bool lossOnly);
    void backwardSweep(bool afterUpdate);
    void updateOnly();
    void writeOut();
    StepProgram finish();

private:
    int headSlice() const { return int(m_slices.size()) - 1; }
    bool tied() const { return m_table.model().tiedHead; }
    bool fp32() const { return m_training.precision == Precision::Fp32; }
    int64_t elementsOf(int slice) const { return sliceElements(m_table, m_slices[size_t(slice)]); }

    int newBuffer(Space space, BufferUse use, int64_t bytes);
    Op& add(OpKind kind, int slice);
    Op& addChunk(OpKind kind, int slice, const ChunkRange& chunk);
    template <typename Visit>
    void eachChunk(int slice, Visit visit);

    int updateSlice(int slice, bool wantWeights);
    int loadWeights(int slice, SlotRef slot);
    int loadUnit(int unit, int intoSlice, SlotRef slot);
    int weightsBuffer(int64_t elements);
    int gradientBuffer(int slice);
    void zeroGradient(int slice, int gradient);
    void finishGradient(int slice, int gradient);

    int loadInput(int slice, int microBatch);
    void storeOutput(int boundary, int microBatch, int buffer);
    void headOf(bool lossOnly, int weights, int tiedWeights);
    void backwardOf(int slice, int weights, int gradient);

    const TensorTable& m_table;
    const TrainSpec& m_training;
    const Placement& m_placement;
    const std::vector<SliceRange>& m_slices;
    StepProgram m_program;
    int64_t m_boundaryBytes = 0;
    std::map<std::pair<int, int>, int> m_boundary;  ///< (slice whose input it is, micro-batch) -> activation, later its gradient
    std::map<int, int> m_deviceGradient;            ///< micro-batch -> gradient kept on the device
    int m_tiedGradient = kNoBuffer;
};

int Assembly::newBuffer(Space space, BufferUse use, int64_t bytes) {
    m_program.buffers.push_back({space, use, bytes});
    return int(m_program.buffers.size()) - 1;
}

Op& Assembly::add(OpKind kind, int slice) {
    Op& op = m_program.ops.emplace_back();
    op.kind = kind;
    op.slice = int16_t(slice);
    return op;
}

Op& Assembly::addChunk(OpKind kind, int slice, const ChunkRange& chunk) {
    Op& op = add(kind, slice);
    op.unit = int16_t(chunk.unit);
    op.firstBlock = chunk.firstBlock;
    op.blockCount = chunk.blockCount;
    op.unitOffset = chunk.unitOffset;
    op.elements = chunk.paddedElements;
    op.targetOffset = elementsBefore(m_table, m_slices[size_t(slice)], chunk.unit) + chunk.unitOffset;
    return op;
}

template <typename Visit>
void Assembly::eachChunk(int slice, Visit visit) {
    const SliceRange& range = m_slices[size_t(slice)];
    for (int unit = range.firstUnit; unit < range.firstUnit + range.unitCount; ++unit)
        for (const ChunkRange& chunk : chunksOfUnit(m_table, unit, m_placement.chunkElements))
            visit(chunk);
}

/// Resident bf16 weights are the resident `hi` itself; everything else gets a device buffer.
int Assembly::weightsBuffer(int64_t elements) {
    if (m_placement.stateResident && !fp32())
        return kNoBuffer;
    return newBuffer(Space::Device, BufferUse::Weights, elements * computeElementBytes(m_training.precision));
}

/// The pending update of every chunk of the slice; its working weights are filled on the way.
int Assembly::updateSlice(int slice, bool wantWeights) {
    const int weights = wantWeights ? weightsBuffer(elementsOf(slice)) : kNoBuffer;
    eachChunk(slice, [&](const ChunkRange& chunk) {
        const int64_t elements = chunk.paddedElements;
        int state = kNoBuffer;
        int gradient = kNoBuffer;
        if (!m_placement.stateResident) {
            state = newBuffer(Space::Staging, BufferUse::State, elements * kStateBytes);
            gradient = newBuffer(Space::Staging, BufferUse::ChunkGradient, elements * kGradientBytes);
            Op& read = addChunk(OpKind::ReadState, slice, chunk);
            read.state = state;
            read.ioBytes = elements * kStateBytes;
            Op& readGradient = addChunk(OpKind::ReadGradient, slice, chunk);
            readGradient.chunkGradient = gradient;
            readGradient.ioBytes = elements * kGradientBytes;
        }
        Op& update = addChunk(OpKind::Update, slice, chunk);
        update.state = state;
        update.chunkGradient = gradient;
        update.weights = weights;
        update.copyBytes = elements * (2 * kStateBytes + kGradientBytes);
        if (!m_placement.stateResident) {
            Op& write = addChunk(OpKind::WriteState, slice, chunk);
            write.state = state;
            write.slot = SlotRef::New;
            write.ioBytes = elements * kStateBytes;
        }
    });
    return weights;
}

int Assembly::loadUnit(int unit, int intoSlice, SlotRef slot) {
    // `intoSlice` only names the slice the op serves; a tied head reads the embedding's unit into a buffer of its own.
    const bool foreign = unit < m_slices[size_t(intoSlice)].firstUnit;
    const int weights = weightsBuffer(foreign ? m_table.units()[size_t(unit)].paddedElements : elementsOf(intoSlice));
    const auto load = [&](const ChunkRange& chunk) {
        if (weights == kNoBuffer)
            return;
        const int64_t bytes = chunk.paddedElements * (fp32() ? kHiBytes + kLoBytes : kHiBytes);
        int state = kNoBuffer;
        if (!m_placement.stateResident) {
            state = newBuffer(Space::Staging, BufferUse::State, bytes);
            Op& read = addChunk(OpKind::ReadWeights, intoSlice, chunk);
            read.state = state;
            read.slot = slot;
            read.readsLo = fp32();
            read.ioBytes = bytes;
        }
        Op& join = addChunk(OpKind::Join, intoSlice, chunk);
        join.state = state;
        join.weights = weights;
        join.readsLo = fp32();
        join.copyBytes = bytes + chunk.paddedElements * computeElementBytes(m_training.precision);
        if (foreign)
            join.targetOffset = chunk.unitOffset;
    };
    if (foreign) {
        for (const ChunkRange& chunk : chunksOfUnit(m_table, unit, m_placement.chunkElements))
            load(chunk);
    } else {
        eachChunk(intoSlice, load);
    }
    return weights;
}

int Assembly::loadWeights(int slice, SlotRef slot) { return loadUnit(m_slices[size_t(slice)].firstUnit, slice, slot); }

int Assembly::gradientBuffer(int slice) {
    if (m_placement.stateResident)
        return kNoBuffer;
    return newBuffer(Space::Device, BufferUse::Gradient, elementsOf(slice) * kGradientBytes);
}

void Assembly::zeroGradient(int slice, int gradient) {
    Op& zero = add(OpKind::ZeroGradient, slice);
    zero.gradient = gradient;
    zero.elements = elementsOf(slice);
    zero.copyBytes = zero.elements * kGradientBytes;
}

/// Squared norms of the complete gradient, then its way to disk.
void Assembly::finishGradient(int slice, int gradient) {
    Op& norms = add(OpKind::Norms, slice);
    norms.gradient = gradient;
    norms.elements = elementsOf(slice);
    norms.copyBytes = norms.elements * kGradientBytes;
    if (m_placement.stateResident)
        return;
    eachChunk(slice, [&](const ChunkRange& chunk) {
        const int64_t bytes = chunk.paddedElements * kGradientBytes;
        const int staging = newBuffer(Space::Staging, BufferUse::ChunkGradient, bytes);
        Op& store = addChunk(OpKind::StoreGradient, slice, chunk);
        store.gradient = gradient;
        store.chunkGradient = staging;
        store.copyBytes = 2 * bytes;
        Op& write = addChunk(OpKind::WriteGradient, slice, chunk);
        write.chunkGradient = staging;
        write.ioBytes = bytes;
    });
}

int Assembly::loadInput(int slice, int microBatch) {
    if (slice == 0)
        return kNoBuffer;
    const int kept = m_boundary.at({slice, microBatch});
    if (!m_placement.boundariesInRam)
        return kept;
    const int input = newBuffer(Space::Device, BufferUse::Activation, m_boundaryBytes);
    Op& load = add(OpKind::LoadBoundary, slice);
    load.microBatch = microBatch;
    load.host = kept;
    load.input = input;
    load.copyBytes = 2 * m_boundaryBytes;
    return input;
}

void Assembly::storeOutput(int boundary, int microBatch, int buffer) {
    if (!m_placement.boundariesInRam) {
        m_boundary[{boundary, microBatch}] = buffer;
        return;
    }
    auto [place, isNew] = m_boundary.try_emplace({boundary, microBatch}, kNoBuffer);
    if (isNew)
        place->second = newBuffer(Space::Ram, BufferUse::Activation, m_boundaryBytes);
    Op& store = add(OpKind::StoreBoundary, boundary);
    store.microBatch = microBatch;
    store.output = buffer;
    store.host = place->second;
    store.copyBytes = 2 * m_boundaryBytes;
}

void Assembly::forwardSweep(bool updating, bool lossOnly) {
    const SlotRef slot = updating ? SlotRef::New : SlotRef::Old;
    for (int slice = 0; slice < headSlice(); ++slice) {
        const SliceRange& range = m_slices[size_t(slice)];
        const int weights = updating ? updateSlice(slice, true) : loadWeights(slice, slot);
        for (int microBatch = 0; microBatch < m_program.microBatches; ++microBatch) {
            const int input = loadInput(slice, microBatch);
            const int output = newBuffer(Space::Device, BufferUse::Activation, m_boundaryBytes);
            Op& forward = add(OpKind::Forward, slice);
            forward.microBatch = microBatch;
            forward.weights = weights;
            forward.input = input;
            forward.output = output;
            for (int unit = range.firstUnit; unit < range.firstUnit + range.unitCount; ++unit)
                forward.flops += unitCost(m_table, unit, m_training).forwardFlops;
            forward.workspace = sliceForwardPeak(m_table, range.firstUnit, range.unitCount, m_training);
            storeOutput(slice + 1, microBatch, output);
        }
    }
    const int weights = updating ? updateSlice(headSlice(), true) : loadWeights(headSlice(), slot);
    if (updating)
        add(OpKind::Commit, headSlice());
    headOf(lossOnly, weights, tied() ? loadUnit(0, headSlice(), slot) : kNoBuffer);
}

void Assembly::headOf(bool lossOnly, int weights, int tiedWeights) {
    const int slice = headSlice();
    const int gradient = lossOnly ? kNoBuffer : gradientBuffer(slice);
    if (!lossOnly) {
        zeroGradient(slice, gradient);
        if (tied()) {
            m_tiedGradient = gradientBuffer(0);
            zeroGradient(0, m_tiedGradient);
        }
    }
    const UnitCost cost = unitCost(m_table, m_table.headUnit(), m_training);
    for (int microBatch = 0; microBatch < m_program.microBatches; ++microBatch) {
        const int input = loadInput(slice, microBatch);
        int inputGradient = kNoBuffer;
        if (!lossOnly)
            inputGradient = newBuffer(Space::Device, BufferUse::Activation, m_boundaryBytes);
        Op& head = add(OpKind::Head, slice);
        head.microBatch = microBatch;
        head.weights = weights;
        head.tied = tiedWeights;
        head.input = input;
        head.inputGradient = inputGradient;
        head.gradient = gradient;
        head.tiedGradient = tied() && !lossOnly ? m_tiedGradient : kNoBuffer;
        head.lossOnly = lossOnly;
        head.flops = cost.forwardFlops + (lossOnly ? 0 : cost.backwardFlops);
        head.workspace = headPeak(m_table, m_training, lossOnly);
        if (lossOnly)
            continue;
        if (m_placement.boundariesInRam)
            storeOutput(slice, microBatch, inputGradient);
        else
            m_deviceGradient[microBatch] = inputGradient;
    }
    if (!lossOnly)
        finishGradient(slice, gradient);
}

void Assembly::backwardSweep(bool afterUpdate) {
    for (int slice = headSlice() - 1; slice >= 0; --slice) {
        const int weights = slice == 0 ? kNoBuffer : loadWeights(slice, afterUpdate ? SlotRef::New : SlotRef::Old);
        const bool openSinceHead = slice == 0 && tied();
        const int gradient = openSinceHead ? m_tiedGradient : gradientBuffer(slice);
        if (!openSinceHead)
            zeroGradient(slice, gradient);
        backwardOf(slice, weights, gradient);
        finishGradient(slice, gradient);
    }
}

void Assembly::backwardOf(int slice, int weights, int gradient) {
    const SliceRange& range = m_slices[size_t(slice)];
    for (int microBatch = 0; microBatch < m_program.microBatches; ++microBatch) {
        const int input = loadInput(slice, microBatch);
        int outputGradient = kNoBuffer;
        if (m_placement.boundariesInRam) {
            outputGradient = newBuffer(Space::Device, BufferUse::Activation, m_boundaryBytes);
            Op& load = add(OpKind::LoadGradient, slice);
            load.microBatch = microBatch;
            load.host = m_boundary.at({slice + 1, microBatch});
            load.outputGradient = outputGradient;
            load.copyBytes = 2 * m_boundaryBytes;
        } else {
            outputGradient = m_deviceGradient.at(microBatch);
        }
        Op& backward = add(OpKind::Backward, slice);
        backward.microBatch = microBatch;
        backward.weights = weights;
        backward.gradient = gradient;
        backward.input = input;
        backward.outputGradient = outputGradient;
        backward.inputGradient = slice == 0 ? kNoBuffer : outputGradient;
        for (int unit = range.firstUnit; unit < range.firstUnit + range.unitCount; ++unit) {
            const UnitCost cost = unitCost(m_table, unit, m_training);
            backward.flops += cost.backwardFlops + (slice == 0 ? 0 : cost.forwardFlops);
        }
        backward.workspace = sliceBackwardPeak(m_table, range.firstUnit, range.unitCount, m_training);
        if (slice > 0 && m_placement.boundariesInRam)
            storeOutput(slice, microBatch, outputGradient);
    }
}

void Assembly::updateOnly() {
    for (int slice = 0; slice <= headSlice(); ++slice)
        updateSlice(slice, false);
    if (!m_placement.stateResident)
        add(OpKind::Commit, headSlice());
}

void Assembly::writeOut() {
    for (int slice = 0; slice <= headSlice(); ++slice)
        eachChunk(slice, [&](const ChunkRange& chunk) {
            Op& write = addChunk(OpKind::WriteState, slice, chunk);
            write.slot = SlotRef::New;
            write.ioBytes = chunk.paddedElements * kStateBytes;
        });
    add(OpKind::Commit, headSlice());
}

StepProgram Assembly::finish() {
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

}  // namespace

ProgramBuilder::ProgramBuilder(const TensorTable& table, const TrainSpec& training, const Placement& placement)
    : m_table(table), m_training(training), m_placement(placement), m_slices(makeSlicing(table, placement.unitsPerSlice)) {}

StepProgram ProgramBuilder::build(ProgramKind kind) const {
    if (kind == ProgramKind::Evaluate)
        return buildEvaluation(int(m_training.microBatchesPerStep()));
    Assembly assembly(m_table, m_training, m_placement, m_slices, kind, int(m_training.microBatchesPerStep()));
    switch (kind) {
    case ProgramKind::StepPlain:
    case ProgramKind::StepUpdating: {
        const bool updating = kind == ProgramKind::StepUpdating;
        assembly.forwardSweep(updating, false);
        assembly.backwardSweep(updating);
        break;
    }
    case ProgramKind::UpdateOnly: assembly.updateOnly(); break;
    case ProgramKind::WriteOut: assembly.writeOut(); break;
    case ProgramKind::Evaluate: break;
    }
    return assembly.finish();
}

StepProgram ProgramBuilder::buildEvaluation(int microBatches) const {
    Assembly assembly(m_table, m_training, m_placement, m_slices, ProgramKind::Evaluate, microBatches);
    assembly.forwardSweep(false, true);
    return assembly.finish();
}

}  // namespace gsst
