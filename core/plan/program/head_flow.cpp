// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/program/head_flow.h"

#include "spec/cost.h"

#include <algorithm>
#include <vector>

namespace gsst {

void HeadFlow::run(bool lossOnly) {
    if (m_out.vocabularyIsSliced())
        slicedHead(lossOnly);
    else
        wholeHead(lossOnly);
}

int HeadFlow::openEmbeddingGradient(int slice) {
    if (m_out.tied())
        return m_out.vocabularyIsSliced() ? m_state.loadTiedGradient(slice) : m_tiedGradient;
    const int gradient = m_state.gradientBuffer(slice);
    m_state.zeroGradient(slice, gradient);
    return gradient;
}

Op& HeadFlow::addHead(OpKind kind, int slice, int microBatch) {
    Op& head = m_out.add(kind, slice);
    head.microBatch = microBatch;
    return head;
}

void HeadFlow::wholeHead(bool lossOnly) {
    const int slice = m_out.headSlice();
    const bool updating = m_out.variant().updating;
    const int weights = updating ? m_state.updatePending(slice, true) : m_state.loadWeights(slice, slice);
    if (updating && m_out.stateOnDisk())
        m_out.commit(slice);
    const int table = m_out.tied() ? m_state.loadWeights(0, slice) : kNoBuffer;
    const int gradient = lossOnly ? kNoBuffer : m_state.gradientBuffer(slice);
    if (!lossOnly) {
        m_out.beginSweep(Sweep::Backward);
        m_state.zeroGradient(slice, gradient);
        if (m_out.tied()) {
            m_tiedGradient = m_state.gradientBuffer(0);
            m_state.zeroGradient(0, m_tiedGradient);
        }
    }
    const UnitCost cost = unitCost(m_out.table(), m_out.table().headUnit(), m_out.training());
    for (int microBatch = 0; microBatch < m_out.microBatches(); ++microBatch) {
        const int input = m_activations.loadInput(slice, {slice, microBatch});
        const int inputGradient = lossOnly ? kNoBuffer : m_activations.newActivation();
        Op& head = addHead(OpKind::Head, slice, microBatch);
        head.weights = weights;
        head.table = table;
        head.input = input;
        head.inputGradient = inputGradient;
        head.gradient = gradient;
        head.tableGradient = m_out.tied() && !lossOnly ? m_tiedGradient : kNoBuffer;
        head.lossOnly = lossOnly;
        head.flops = cost.forwardFlops + (lossOnly ? 0 : cost.backwardFlops);
        head.workspace = headPeak(m_out.table(), m_out.training(), lossOnly);
        if (!lossOnly)
            m_activations.storeInputGradient({slice, microBatch}, inputGradient);
    }
    if (!lossOnly)
        m_state.finishGradient(slice, gradient, weights);
}

/// Twice over the vocabulary: up for the log-sum-exp of every token, down again for the gradients, so that the last
/// slice need not be loaded twice. All micro-batches pass a slice before the next is loaded.
void HeadFlow::slicedHead(bool lossOnly) {
    const int slice = m_out.headSlice();
    const bool updating = m_out.variant().updating;
    const int norm = updating ? m_state.updatePending(slice, true) : m_state.loadWeights(slice, slice);
    if (updating && m_out.stateOnDisk() && m_out.tied())
        m_out.commit(slice);
    const int lastRows = firstPass(norm, lossOnly);
    if (!lossOnly)
        secondPass(norm, lastRows);
}

/// Of the head's arithmetic.
double HeadFlow::shareOf(int slice) const {
    return double(rowsOfSlice(m_out.table(), m_out.range(slice)).count) / double(m_out.table().model().vocabulary);
}

int HeadFlow::firstPass(int norm, bool lossOnly) {
    const bool updating = m_out.variant().updating && !m_out.tied();
    const double flops = unitCost(m_out.table(), m_out.table().headUnit(), m_out.training()).forwardFlops;
    int rows = kNoBuffer;
    for (int slice : m_out.vocabularySlices()) {
        rows = updating ? m_state.updatePending(slice, true) : m_state.loadWeights(slice, slice);
        for (int microBatch = 0; microBatch < m_out.microBatches(); ++microBatch) {
            const int input = m_activations.loadInput(slice, {m_out.headSlice(), microBatch});
            if (!m_sums.contains(microBatch))
                m_sums[microBatch] =
                    m_out.newBuffer(Space::Device, BufferUse::Activation, headSumsBytes(m_out.training()));
            Op& head = addHead(OpKind::HeadSums, slice, microBatch);
            head.weights = norm;
            head.table = rows;
            head.input = input;
            head.sums = m_sums[microBatch];
            head.lossOnly = lossOnly;
            head.flops = flops * shareOf(slice);
            head.workspace = headSumsPeak(m_out.table(), m_out.training());
        }
    }
    if (updating && m_out.stateOnDisk())
        m_out.commit(m_out.headSlice());
    return rows;
}

void HeadFlow::secondPass(int norm, int lastRows) {
    m_out.beginSweep(Sweep::Backward);
    const int normGradient = m_state.gradientBuffer(m_out.headSlice());
    m_state.zeroGradient(m_out.headSlice(), normGradient);
    const UnitCost cost = unitCost(m_out.table(), m_out.table().headUnit(), m_out.training());
    std::vector<int> slices = m_out.vocabularySlices();
    std::reverse(slices.begin(), slices.end());
    for (int slice : slices) {
        const int rows = slice == slices.front() ? lastRows : m_state.loadWeights(slice, slice);
        const int gradient = m_state.gradientBuffer(slice);
        m_state.zeroGradient(slice, gradient);
        const bool ends = slice == slices.back();
        for (int microBatch = 0; microBatch < m_out.microBatches(); ++microBatch) {
            const int input = m_activations.loadInput(slice, {m_out.headSlice(), microBatch});
            const int inputGradient = m_activations.openHeadGradient(slice, microBatch);
            Op& head = addHead(OpKind::Head, slice, microBatch);
            head.weights = norm;
            head.table = rows;
            head.input = input;
            head.sums = m_sums.at(microBatch);
            head.inputGradient = inputGradient;
            head.gradient = ends ? normGradient : kNoBuffer;
            head.tableGradient = gradient;
            head.flops = (cost.forwardFlops + cost.backwardFlops) * shareOf(slice);
            head.workspace = headSlicePeak(m_out.table(), m_out.training());
            if (ends)
                m_activations.storeInputGradient({m_out.headSlice(), microBatch}, inputGradient);
            else
                m_activations.putAsideHeadGradient(slice, microBatch, inputGradient);
        }
        if (m_out.tied())
            m_state.storeTiedGradient(slice, gradient);
        else
            m_state.finishGradient(slice, gradient, rows);
    }
    m_state.finishGradient(m_out.headSlice(), normGradient, norm);
}

}  // namespace gsst
