// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/program/head_assembly.h"

#include "spec/cost.h"

#include <algorithm>
#include <vector>

namespace gsst {

void HeadAssembly::head(bool lossOnly) {
    if (vocabularyIsSliced())
        slicedHead(lossOnly);
    else
        wholeHead(lossOnly);
}

int HeadAssembly::openEmbeddingGradient(int slice) {
    if (tied())
        return vocabularyIsSliced() ? loadTiedGradient(slice) : m_tiedGradient;
    const int gradient = gradientBuffer(slice);
    zeroGradient(slice, gradient);
    return gradient;
}

Op& HeadAssembly::addHead(OpKind kind, int slice, int microBatch) {
    Op& head = add(kind, slice);
    head.microBatch = microBatch;
    return head;
}

void HeadAssembly::wholeHead(bool lossOnly) {
    const int slice = headSlice();
    const bool updating = m_program.variant.updating;
    const int weights = updating ? updatePending(slice, true) : loadWeights(slice, slice);
    if (updating && m_program.stateOnDisk)
        commitHere(slice);
    const int table = tied() ? loadWeights(0, slice) : kNoBuffer;
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
        const int input = loadInput(slice, {slice, microBatch});
        const int inputGradient = lossOnly ? kNoBuffer : newActivation();
        Op& head = addHead(OpKind::Head, slice, microBatch);
        head.weights = weights;
        head.table = table;
        head.input = input;
        head.inputGradient = inputGradient;
        head.gradient = gradient;
        head.tableGradient = tied() && !lossOnly ? m_tiedGradient : kNoBuffer;
        head.lossOnly = lossOnly;
        head.flops = cost.forwardFlops + (lossOnly ? 0 : cost.backwardFlops);
        head.workspace = headPeak(m_table, m_training, lossOnly);
        if (!lossOnly)
            storeInputGradient({slice, microBatch}, inputGradient);
    }
    if (!lossOnly)
        finishGradient(slice, gradient, weights);
}

/// Twice over the vocabulary: up for the log-sum-exp of every token, down again for the gradients, so that the last
/// slice need not be loaded twice. All micro-batches pass a slice before the next is loaded.
void HeadAssembly::slicedHead(bool lossOnly) {
    const int slice = headSlice();
    const bool updating = m_program.variant.updating;
    const int norm = updating ? updatePending(slice, true) : loadWeights(slice, slice);
    if (updating && m_program.stateOnDisk && tied())
        commitHere(slice);
    const int lastRows = firstPass(norm, lossOnly);
    if (!lossOnly)
        secondPass(norm, lastRows);
}

/// Of the head's arithmetic.
double HeadAssembly::shareOf(int slice) const {
    return double(rowsOfSlice(m_table, m_slices[size_t(slice)]).count) / double(m_table.model().vocabulary);
}

int HeadAssembly::firstPass(int norm, bool lossOnly) {
    const bool updating = m_program.variant.updating && !tied();
    const double flops = unitCost(m_table, m_table.headUnit(), m_training).forwardFlops;
    int rows = kNoBuffer;
    for (int slice : vocabularySlices()) {
        rows = updating ? updatePending(slice, true) : loadWeights(slice, slice);
        for (int microBatch = 0; microBatch < m_program.microBatches; ++microBatch) {
            const int input = loadInput(slice, {headSlice(), microBatch});
            if (!m_sums.contains(microBatch))
                m_sums[microBatch] = newBuffer(Space::Device, BufferUse::Activation, headSumsBytes(m_training));
            Op& head = addHead(OpKind::HeadSums, slice, microBatch);
            head.weights = norm;
            head.table = rows;
            head.input = input;
            head.sums = m_sums[microBatch];
            head.lossOnly = lossOnly;
            head.flops = flops * shareOf(slice);
            head.workspace = headSumsPeak(m_table, m_training);
        }
    }
    if (updating && m_program.stateOnDisk)
        commitHere(headSlice());
    return rows;
}

void HeadAssembly::secondPass(int norm, int lastRows) {
    const int normGradient = gradientBuffer(headSlice());
    zeroGradient(headSlice(), normGradient);
    const UnitCost cost = unitCost(m_table, m_table.headUnit(), m_training);
    std::vector<int> slices = vocabularySlices();
    std::reverse(slices.begin(), slices.end());
    for (int slice : slices) {
        const int rows = slice == slices.front() ? lastRows : loadWeights(slice, slice);
        const int gradient = gradientBuffer(slice);
        zeroGradient(slice, gradient);
        const bool ends = slice == slices.back();
        for (int microBatch = 0; microBatch < m_program.microBatches; ++microBatch) {
            const int input = loadInput(slice, {headSlice(), microBatch});
            const int inputGradient = openHeadGradient(slice, microBatch);
            Op& head = addHead(OpKind::Head, slice, microBatch);
            head.weights = norm;
            head.table = rows;
            head.input = input;
            head.sums = m_sums.at(microBatch);
            head.inputGradient = inputGradient;
            head.gradient = ends ? normGradient : kNoBuffer;
            head.tableGradient = gradient;
            head.flops = (cost.forwardFlops + cost.backwardFlops) * shareOf(slice);
            head.workspace = headSlicePeak(m_table, m_training);
            if (ends)
                storeInputGradient({headSlice(), microBatch}, inputGradient);
            else
                putAsideHeadGradient(slice, microBatch, inputGradient);
        }
        if (tied())
            storeTiedGradient(slice, gradient);
        else
            finishGradient(slice, gradient, rows);
    }
    finishGradient(headSlice(), normGradient, norm);
}

}  // namespace gsst
