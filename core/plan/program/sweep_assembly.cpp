// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/program/sweep_assembly.h"

#include "spec/cost.h"

namespace gsst {

bool SweepAssembly::keeps(int slice) const {
    return !isEmbedding(slice) && slice < headSlice() && residencyOf(slice).keepsActivations;
}

void SweepAssembly::keepActivations(Op& forward) {
    const SliceRange& range = m_slices[size_t(forward.slice)];
    const Key key{forward.slice, forward.microBatch};
    forward.workspace = sliceKeepingPeak(m_table, range.firstUnit, range.unitCount, m_training);
    forward.kept = newBuffer(Space::Device, BufferUse::Activation,
                             sliceKeptBytes(m_table, range.firstUnit, range.unitCount, m_training));
    m_program.buffers.back().byMath = true;
    m_kept[key] = {forward.kept, forward.input};
    noteKeptInput(key);
}

void SweepAssembly::forwardSweep(bool lossOnly) {
    beginSweep(Sweep::Forward);
    for (int slice = 0; slice < headSlice(); ++slice) {
        const int weights = m_program.variant.updating ? updatePending(slice, true) : loadWeights(slice, slice);
        for (int microBatch = 0; microBatch < m_program.microBatches; ++microBatch) {
            if (isEmbedding(slice))
                embed(slice, microBatch, weights);
            else
                forwardOf(slice, microBatch, weights, lossOnly);
            if (slice + 1 >= bodySlice())
                passOn(slice, microBatch, lossOnly);
        }
    }
    head(lossOnly);
}

/// Each slice of the embedding adds the rows that it has to the input of the first layer.
void SweepAssembly::embed(int slice, int microBatch, int weights) {
    const Key above{bodySlice(), microBatch};
    const int output = slice == 0 ? newActivation() : loadInput(slice, above);
    Op& forward = add(OpKind::Forward, slice);
    forward.microBatch = microBatch;
    forward.weights = weights;
    forward.output = output;
    if (slice + 1 < bodySlice())
        storeInput(above, output);
}

void SweepAssembly::forwardOf(int slice, int microBatch, int weights, bool lossOnly) {
    const SliceRange& range = m_slices[size_t(slice)];
    const int input = loadInput(slice, {slice, microBatch});
    const int output = newActivation();
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
}

/// The output of the slice to the next one, and to the backward sweep.
void SweepAssembly::passOn(int slice, int microBatch, bool lossOnly) {
    const int output = m_program.ops.back().output;
    const Key above{slice + 1, microBatch};
    // The head uses its input on the way up only; so does a slice that keeps it.
    if (!lossOnly && slice + 1 < headSlice() && !keeps(slice + 1))
        writeBoundary(above, output);
    storeInput(above, output);
}

void SweepAssembly::backwardSweep() {
    for (int slice = headSlice() - 1; slice >= 0; --slice) {
        const int weights = isEmbedding(slice) ? kNoBuffer : loadWeights(slice, slice);
        int gradient = kNoBuffer;
        if (isEmbedding(slice)) {
            gradient = openEmbeddingGradient(slice);
        } else {
            gradient = gradientBuffer(slice);
            zeroGradient(slice, gradient);
        }
        backwardOf(slice, weights, gradient);
        finishGradient(slice, gradient, weights);
    }
    finishLastGradient();
}

void SweepAssembly::backwardOf(int slice, int weights, int gradient) {
    const SliceRange& range = m_slices[size_t(slice)];
    const bool embeds = isEmbedding(slice);
    for (int microBatch = 0; microBatch < m_program.microBatches; ++microBatch) {
        const Key key{slice, microBatch};
        const Kept kept = m_kept.contains(key) ? m_kept.at(key) : Kept{};
        const int input = embeds ? kNoBuffer : kept.activations != kNoBuffer ? kept.input : reloadInput(key);
        const int outputGradient = loadOutputGradient(slice, {embeds ? bodySlice() : slice + 1, microBatch});
        Op& backward = add(OpKind::Backward, slice);
        backward.microBatch = microBatch;
        backward.weights = weights;
        backward.gradient = gradient;
        backward.input = input;
        backward.outputGradient = outputGradient;
        backward.inputGradient = embeds ? kNoBuffer : outputGradient;
        backward.kept = kept.activations;
        for (int unit = range.firstUnit; unit < range.firstUnit + range.unitCount; ++unit) {
            const UnitCost cost = unitCost(m_table, unit, m_training);
            backward.flops += cost.backwardFlops + (embeds || kept.activations != kNoBuffer ? 0 : cost.forwardFlops);
        }
        backward.workspace = kept.activations != kNoBuffer
                                 ? sliceKeptBackwardPeak(m_table, range.firstUnit, range.unitCount, m_training)
                                 : sliceBackwardPeak(m_table, range.firstUnit, range.unitCount, m_training);
        if (!embeds)
            storeInputGradient(key, outputGradient);
    }
}

}  // namespace gsst
