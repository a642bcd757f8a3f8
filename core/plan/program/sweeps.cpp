// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/program/sweeps.h"

#include "spec/cost.h"

namespace gsst {

bool Sweeps::keeps(int slice) const {
    return !m_out.isEmbedding(slice) && slice < m_out.headSlice() && m_out.residencyOf(slice).keepsActivations;
}

void Sweeps::keepActivations(Op& forward) {
    const SliceRange& range = m_out.range(forward.slice);
    const Key key{forward.slice, forward.microBatch};
    forward.workspace = sliceKeepingPeak(m_out.table(), range.firstUnit, range.unitCount, m_out.training());
    forward.kept =
        m_out.newMathBuffer(sliceKeptBytes(m_out.table(), range.firstUnit, range.unitCount, m_out.training()));
    m_kept[key] = {forward.kept, forward.input};
    m_activations.noteKeptInput(key);
}

void Sweeps::forwardSweep(bool lossOnly) {
    m_out.beginSweep(Sweep::Forward);
    for (int slice = 0; slice < m_out.headSlice(); ++slice) {
        const int weights =
            m_out.variant().updating ? m_state.updatePending(slice, true) : m_state.loadWeights(slice, slice);
        for (int microBatch = 0; microBatch < m_out.microBatches(); ++microBatch) {
            const int output = m_out.isEmbedding(slice) ? embed(slice, microBatch, weights)
                                                        : forwardOf(slice, microBatch, weights, lossOnly);
            if (slice + 1 >= m_out.bodySlice())
                passOn(slice, microBatch, output, lossOnly);
        }
    }
    m_head.run(lossOnly);
}

/// Each slice of the embedding adds the rows that it has to the input of the first layer.
int Sweeps::embed(int slice, int microBatch, int weights) {
    const Key above{m_out.bodySlice(), microBatch};
    const int output = slice == 0 ? m_activations.newActivation() : m_activations.loadInput(slice, above);
    Op& forward = m_out.add(OpKind::Forward, slice);
    forward.microBatch = microBatch;
    forward.weights = weights;
    forward.output = output;
    if (slice + 1 < m_out.bodySlice())
        m_activations.storeInput(above, output);
    return output;
}

int Sweeps::forwardOf(int slice, int microBatch, int weights, bool lossOnly) {
    const SliceRange& range = m_out.range(slice);
    const int input = m_activations.loadInput(slice, {slice, microBatch});
    const int output = m_activations.newActivation();
    Op& forward = m_out.add(OpKind::Forward, slice);
    forward.microBatch = microBatch;
    forward.weights = weights;
    forward.input = input;
    forward.output = output;
    for (int unit = range.firstUnit; unit < range.firstUnit + range.unitCount; ++unit)
        forward.flops += unitCost(m_out.table(), unit, m_out.training()).forwardFlops;
    forward.workspace = sliceForwardPeak(m_out.table(), range.firstUnit, range.unitCount, m_out.training());
    if (!lossOnly && keeps(slice))
        keepActivations(forward);
    return output;
}

/// The output of the slice to the next one, and to the backward sweep.
void Sweeps::passOn(int slice, int microBatch, int output, bool lossOnly) {
    const Key above{slice + 1, microBatch};
    // The head uses its input on the way up only; so does a slice that keeps it.
    if (!lossOnly && slice + 1 < m_out.headSlice() && !keeps(slice + 1))
        m_activations.writeBoundary(above, output);
    m_activations.storeInput(above, output);
}

void Sweeps::backwardSweep() {
    for (int slice = m_out.headSlice() - 1; slice >= 0; --slice) {
        const int weights = m_out.isEmbedding(slice) ? kNoBuffer : m_state.loadWeights(slice, slice);
        int gradient = kNoBuffer;
        if (m_out.isEmbedding(slice)) {
            gradient = m_head.openEmbeddingGradient(slice);
        } else {
            gradient = m_state.gradientBuffer(slice);
            m_state.zeroGradient(slice, gradient);
        }
        backwardOf(slice, weights, gradient);
        m_state.finishGradient(slice, gradient, weights);
    }
    m_state.finishLastGradient();
}

void Sweeps::backwardOf(int slice, int weights, int gradient) {
    const SliceRange& range = m_out.range(slice);
    const bool embeds = m_out.isEmbedding(slice);
    for (int microBatch = 0; microBatch < m_out.microBatches(); ++microBatch) {
        const Key key{slice, microBatch};
        const Kept kept = m_kept.contains(key) ? m_kept.at(key) : Kept{};
        const int input = embeds                          ? kNoBuffer
                          : kept.activations != kNoBuffer ? kept.input
                                                          : m_activations.reloadInput(key);
        const int outputGradient =
            m_activations.loadOutputGradient(slice, {embeds ? m_out.bodySlice() : slice + 1, microBatch});
        Op& backward = m_out.add(OpKind::Backward, slice);
        backward.microBatch = microBatch;
        backward.weights = weights;
        backward.gradient = gradient;
        backward.input = input;
        backward.outputGradient = outputGradient;
        backward.inputGradient = embeds ? kNoBuffer : outputGradient;
        backward.kept = kept.activations;
        for (int unit = range.firstUnit; unit < range.firstUnit + range.unitCount; ++unit) {
            const UnitCost cost = unitCost(m_out.table(), unit, m_out.training());
            backward.flops += cost.backwardFlops + (embeds || kept.activations != kNoBuffer ? 0 : cost.forwardFlops);
        }
        backward.workspace =
            kept.activations != kNoBuffer
                ? sliceKeptBackwardPeak(m_out.table(), range.firstUnit, range.unitCount, m_out.training())
                : sliceBackwardPeak(m_out.table(), range.firstUnit, range.unitCount, m_out.training());
        if (!embeds)
            m_activations.storeInputGradient(key, outputGradient);
    }
}

}  // namespace gsst
