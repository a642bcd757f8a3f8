// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/program/state_flow.h"

#include "spec/cost.h"

#include <utility>

namespace gsst {

int StateFlow::updatePending(int slice, bool wantWeights) {
    const bool kept = m_out.residencyOf(slice).weights == Tier::Device;
    const int weights = wantWeights || kept ? m_updates.weightsBuffer(slice, m_out.elementsOf(slice)) : kNoBuffer;
    const int gradient = m_out.residencyOf(slice).gradient == Tier::Device ? gradientBuffer(slice) : kNoBuffer;
    m_updates.updateSlice({slice, gradient, kNoBuffer, weights, UpdateFlow::Gradient::Pending});
    return weights;
}

void StateFlow::updateNow(int slice, int gradient, int current) {
    const int kept = m_out.residencyOf(slice).weights == Tier::Device
                         ? m_updates.weightsBuffer(slice, m_out.elementsOf(slice))
                         : kNoBuffer;
    m_updates.updateSlice({slice, gradient, current, kept, UpdateFlow::Gradient::Present});
}

void StateFlow::loadChunk(int slice, const ChunkRange& chunk, int weights, int servedSlice) {
    const KindMask staged = m_updates.stagedOf(slice, m_updates.neededByWeights());
    const int64_t bytes = m_updates.bytesOf(staged, chunk);
    int state = kNoBuffer;
    if (staged != 0) {
        state = m_out.newBuffer(Space::Staging, BufferUse::State, bytes);
        Op& read = m_out.addChunk(OpKind::ReadWeights, slice, chunk);
        read.slice = int16_t(servedSlice);
        read.state = state;
        read.slot = m_out.slot();
        read.staged = read.fetched = staged;
        read.ioBytes = bytes;
    }
    m_updates.joinChunk(slice, {chunk, state, staged, staged, weights}).slice = int16_t(servedSlice);
}

int StateFlow::loadWeights(int slice, int servedSlice) {
    const int weights = m_updates.weightsBuffer(slice, m_out.elementsOf(slice));
    if (m_out.residencyOf(slice).weights != Tier::Device)
        for (const ChunkRange& chunk : m_out.chunksOf(slice))
            loadChunk(slice, chunk, weights, servedSlice);
    return weights;
}

int StateFlow::gradientBuffer(int slice) {
    const int64_t bytes = m_out.elementsOf(slice) * kGradientBytes;
    if (m_out.residencyOf(slice).gradient == Tier::Device)
        return m_out.keptBuffer(BufferUse::Gradient, slice, bytes);
    return m_out.newBuffer(Space::Device, BufferUse::Gradient, bytes);
}

void StateFlow::zeroGradient(int slice, int gradient) {
    Op& zero = m_out.add(OpKind::ZeroGradient, slice);
    zero.gradient = gradient;
    zero.elements = m_out.elementsOf(slice);
    zero.copyBytes = zero.elements * kGradientBytes;
}

void StateFlow::finishGradient(int slice, int gradient, int current) {
    const int ranks = m_out.format().share().ranks;
    if (ranks == 1)
        return takeGradient({slice, gradient, current});
    Op& reduce = m_out.add(OpKind::AllReduceGradient, slice);
    reduce.gradient = gradient;
    reduce.elements = m_out.elementsOf(slice);
    // A ring: every rank sends all but its own share once to be added up, and once as the sum.
    reduce.linkBytes = 2 * reduce.elements * kGradientBytes / ranks * (ranks - 1);
    finishLastGradient();
    // Weights that do not stay anyway would be in the way of the next slice: the update reads them again.
    m_onLink = {slice, gradient, m_out.residencyOf(slice).weights == Tier::Device ? current : kNoBuffer};
}

void StateFlow::finishLastGradient() {
    if (const Complete waiting = std::exchange(m_onLink, {}); waiting.slice >= 0)
        takeGradient(waiting);
}

void StateFlow::takeGradient(const Complete& complete) {
    const auto& [slice, gradient, current] = complete;
    Op& norms = m_out.add(OpKind::Norms, slice);
    norms.gradient = gradient;
    norms.elements = m_out.elementsOf(slice);
    norms.copyBytes = norms.elements * kGradientBytes;
    if (m_out.variant().update != BackwardUpdate::Speculative && m_out.residencyOf(slice).gradient != Tier::Device)
        storeGradient(slice, gradient);
    if (m_out.variant().update != BackwardUpdate::None)
        updateNow(slice, gradient, current);
}

void StateFlow::storeGradient(int slice, int gradient) {
    for (const ChunkRange& chunk : m_out.chunksOf(slice)) {
        if (!m_out.format().owns(chunk.firstBlock))
            continue;
        const int64_t bytes = m_out.format().gradientBytes(chunk.firstBlock, chunk.blockCount);
        const bool toDisk = m_out.residencyOf(slice).gradient == Tier::Disk;
        const int staging = toDisk ? m_out.newBuffer(Space::Staging, BufferUse::ChunkGradient, bytes) : kNoBuffer;
        Op& store = m_out.addChunk(OpKind::StoreGradient, slice, chunk);
        store.gradient = gradient;
        store.chunkGradient = staging;
        store.copyBytes = bytes + chunk.paddedElements * kGradientBytes;
        if (!toDisk)
            continue;
        Op& write = m_out.addChunk(OpKind::WriteGradient, slice, chunk);
        write.chunkGradient = staging;
        write.ioBytes = bytes;
    }
}

void StateFlow::storeTiedGradient(int slice, int gradient) {
    if (m_out.residencyOf(slice).gradient == Tier::Device)
        return;
    const bool toDisk = m_out.placement().tiedGradients == Tier::Disk;
    if (!toDisk)
        m_share[slice] = m_out.newBuffer(Space::Ram, BufferUse::Gradient, m_out.elementsOf(slice) * kGradientBytes);
    for (const ChunkRange& chunk : m_out.chunksOf(slice)) {
        const int64_t bytes = chunk.paddedElements * kGradientBytes;
        Op& store = m_out.addChunk(OpKind::StoreTiedGradient, slice, chunk);
        store.gradient = gradient;
        store.host = toDisk ? m_out.newBuffer(Space::Staging, BufferUse::ChunkGradient, bytes) : m_share[slice];
        store.copyBytes = 2 * bytes;
        if (!toDisk)
            continue;
        const int staging = store.host;
        Op& write = m_out.addChunk(OpKind::WriteTiedGradient, slice, chunk);
        write.host = staging;
        write.ioBytes = bytes;
    }
}

int StateFlow::loadTiedGradient(int slice) {
    const int gradient = gradientBuffer(slice);
    if (m_out.residencyOf(slice).gradient == Tier::Device)
        return gradient;
    const bool onDisk = m_out.placement().tiedGradients == Tier::Disk;
    for (const ChunkRange& chunk : m_out.chunksOf(slice)) {
        const int64_t bytes = chunk.paddedElements * kGradientBytes;
        const int host = onDisk ? m_out.newBuffer(Space::Staging, BufferUse::ChunkGradient, bytes) : m_share.at(slice);
        if (onDisk) {
            Op& read = m_out.addChunk(OpKind::ReadTiedGradient, slice, chunk);
            read.host = host;
            read.ioBytes = bytes;
        }
        Op& load = m_out.addChunk(OpKind::LoadTiedGradient, slice, chunk);
        load.gradient = gradient;
        load.host = host;
        load.copyBytes = 2 * bytes;
    }
    return gradient;
}

void StateFlow::updateOnly() {
    for (int slice = 0; slice < m_out.sliceCount(); ++slice)
        updatePending(slice, false);
    if (m_out.stateOnDisk())
        m_out.commit(m_out.headSlice());
}

void StateFlow::commit() {
    m_out.beginSweep(Sweep::Commit);
    m_out.commit(m_out.headSlice());
}

void StateFlow::writeOut() {
    for (int slice = 0; slice < m_out.sliceCount(); ++slice)
        for (const ChunkRange& chunk : m_out.chunksOf(slice)) {
            Op& write = m_out.addChunk(OpKind::WriteState, slice, chunk);
            write.slot = m_out.otherSlot();
            write.usesRam = true;
            write.ioBytes = m_out.format().bytes(chunk.firstBlock, chunk.blockCount);
        }
    m_out.commit(m_out.headSlice());
}

void StateFlow::loadKeptWeights() {
    for (int slice = 0; slice < m_out.sliceCount(); ++slice)
        if (m_out.residencyOf(slice).weights == Tier::Device) {
            const int weights = m_updates.weightsBuffer(slice, m_out.elementsOf(slice));
            for (const ChunkRange& chunk : m_out.chunksOf(slice))
                loadChunk(slice, chunk, weights, slice);
        }
}

}  // namespace gsst
