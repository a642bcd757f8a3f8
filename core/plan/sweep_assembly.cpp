// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/sweep_assembly.h"

#include "spec/cost.h"

namespace gsst {

SweepAssembly::SweepAssembly(const TensorTable& table, const StateFormat& format, const TrainSpec& training, const Placement& placement,
                             const std::vector<SliceRange>& slices, const ProgramVariant& variant, int microBatches)
    : StateAssembly(table, format, training, placement, slices, variant, microBatches), m_boundaryBytes(boundaryBytes(table.model(), training)) {}

/// The activation that went to disk on the way up.
int SweepAssembly::readBack(int slice, const Key& key) {
    const int64_t bytes = boundaryPlaceBytes(m_table.model(), m_training);
    Op& read = add(OpKind::ReadBoundary, slice);
    read.microBatch = key.second;
    read.host = newBuffer(Space::Staging, BufferUse::Activation, bytes);
    read.boundary = m_boundary.at(key).place;
    read.ioBytes = bytes;
    return read.host;
}

/// From host memory to the device.
int SweepAssembly::load(OpKind kind, int slice, const Key& key, int host) {
    const int buffer = newBuffer(Space::Device, BufferUse::Activation, m_boundaryBytes);
    Op& load = add(kind, slice);
    load.microBatch = key.second;
    load.host = host;
    (kind == OpKind::LoadGradient ? load.outputGradient : load.input) = buffer;
    load.copyBytes = 2 * m_boundaryBytes;
    return buffer;
}

/// For the slice that needs it next. In the disk tier that still goes through RAM, for the time between two slices.
void SweepAssembly::store(const Key& key, int buffer) {
    Boundary& kept = m_boundary[key];
    if (m_placement.boundaries == Tier::Device) {
        kept.buffer = buffer;
        return;
    }
    // Where the input stayed on the device, its copy in RAM need not live until its gradient comes.
    if (kept.buffer == kNoBuffer || m_placement.boundaries == Tier::Disk || m_kept.contains(key))
        kept.buffer = newBuffer(Space::Ram, BufferUse::Activation, m_boundaryBytes);
    Op& store = add(OpKind::StoreBoundary, key.first);
    store.microBatch = key.second;
    store.output = buffer;
    store.host = kept.buffer;
    store.copyBytes = 2 * m_boundaryBytes;
}

/// For the backward sweep.
void SweepAssembly::writeBoundary(const Key& key, int buffer) {
    const int64_t bytes = boundaryPlaceBytes(m_table.model(), m_training);
    const int staging = newBuffer(Space::Staging, BufferUse::Activation, bytes);
    Op& store = add(OpKind::StoreBoundary, key.first);
    store.microBatch = key.second;
    store.output = buffer;
    store.host = staging;
    store.copyBytes = 2 * m_boundaryBytes;
    Op& write = add(OpKind::WriteBoundary, key.first);
    write.microBatch = key.second;
    write.host = staging;
    write.boundary = m_boundary[key].place = (key.first - 1) * m_program.microBatches + key.second;
    write.ioBytes = bytes;
}

int SweepAssembly::loadInput(int slice, int microBatch) {
    if (slice == 0)
        return kNoBuffer;
    const Key key{slice, microBatch};
    const int kept = m_boundary.at(key).buffer;
    return m_placement.boundaries == Tier::Device ? kept : load(OpKind::LoadBoundary, slice, key, kept);
}

/// On the way down.
int SweepAssembly::reloadInput(int slice, int microBatch) {
    if (m_placement.boundaries != Tier::Disk || slice == 0)
        return loadInput(slice, microBatch);
    return load(OpKind::LoadBoundary, slice, {slice, microBatch}, readBack(slice, {slice, microBatch}));
}

bool SweepAssembly::keeps(int slice) const { return slice > 0 && slice < headSlice() && residencyOf(slice).keepsActivations; }

void SweepAssembly::keepActivations(Op& forward) {
    const SliceRange& range = m_slices[size_t(forward.slice)];
    forward.workspace = sliceKeepingPeak(m_table, range.firstUnit, range.unitCount, m_training);
    forward.kept = newBuffer(Space::Device, BufferUse::Activation, sliceKeptBytes(m_table, range.firstUnit, range.unitCount, m_training));
    m_program.buffers.back().byMath = true;
    m_kept[{forward.slice, forward.microBatch}] = {forward.kept, forward.input};
}

void SweepAssembly::forwardSweep(bool lossOnly) {
    const bool updating = m_program.variant.updating;
    for (int slice = 0; slice < headSlice(); ++slice) {
        const SliceRange& range = m_slices[size_t(slice)];
        const int weights = updating ? updatePending(slice, true) : loadWeights(slice, slice);
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
            if (!lossOnly && keeps(slice))
                keepActivations(forward);
            // The head uses its input once, on the way up; so does a slice that keeps it.
            if (m_placement.boundaries == Tier::Disk && !lossOnly && slice + 1 < headSlice() && !keeps(slice + 1))
                writeBoundary({slice + 1, microBatch}, output);
            store({slice + 1, microBatch}, output);
        }
    }
    const int weights = updating ? updatePending(headSlice(), true) : loadWeights(headSlice(), headSlice());
    if (updating && m_program.stateOnDisk)
        commitHere(headSlice());
    headOf(lossOnly, weights, tied() ? loadWeights(0, headSlice()) : kNoBuffer);
}

void SweepAssembly::headOf(bool lossOnly, int weights, int tiedWeights) {
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
        const int inputGradient = lossOnly ? kNoBuffer : newBuffer(Space::Device, BufferUse::Activation, m_boundaryBytes);
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
        if (m_placement.boundaries == Tier::Device)
            m_deviceGradient[microBatch] = inputGradient;
        else
            store({slice, microBatch}, inputGradient);
    }
    if (!lossOnly)
        finishGradient(slice, gradient, weights);
}

void SweepAssembly::backwardSweep() {
    for (int slice = headSlice() - 1; slice >= 0; --slice) {
        const int weights = slice == 0 ? kNoBuffer : loadWeights(slice, slice);
        const bool openSinceHead = slice == 0 && tied();
        const int gradient = openSinceHead ? m_tiedGradient : gradientBuffer(slice);
        if (!openSinceHead)
            zeroGradient(slice, gradient);
        backwardOf(slice, weights, gradient);
        finishGradient(slice, gradient, weights);
    }
}

void SweepAssembly::backwardOf(int slice, int weights, int gradient) {
    const SliceRange& range = m_slices[size_t(slice)];
    const bool onDevice = m_placement.boundaries == Tier::Device;
    for (int microBatch = 0; microBatch < m_program.microBatches; ++microBatch) {
        const Key above{slice + 1, microBatch};
        const Kept kept = m_kept.contains({slice, microBatch}) ? m_kept.at({slice, microBatch}) : Kept{};
        const int input = kept.activations != kNoBuffer ? kept.input : reloadInput(slice, microBatch);
        const int outputGradient = onDevice ? m_deviceGradient.at(microBatch)
                                            : load(OpKind::LoadGradient, slice, above, m_boundary.at(above).buffer);
        Op& backward = add(OpKind::Backward, slice);
        backward.microBatch = microBatch;
        backward.weights = weights;
        backward.gradient = gradient;
        backward.input = input;
        backward.outputGradient = outputGradient;
        backward.inputGradient = slice == 0 ? kNoBuffer : outputGradient;
        backward.kept = kept.activations;
        for (int unit = range.firstUnit; unit < range.firstUnit + range.unitCount; ++unit) {
            const UnitCost cost = unitCost(m_table, unit, m_training);
            backward.flops += cost.backwardFlops + (slice == 0 || kept.activations != kNoBuffer ? 0 : cost.forwardFlops);
        }
        backward.workspace = kept.activations != kNoBuffer ? sliceKeptBackwardPeak(m_table, range.firstUnit, range.unitCount, m_training)
                                                           : sliceBackwardPeak(m_table, range.firstUnit, range.unitCount, m_training);
        if (slice > 0 && !onDevice)
            store({slice, microBatch}, outputGradient);
    }
}

}  // namespace gsst
