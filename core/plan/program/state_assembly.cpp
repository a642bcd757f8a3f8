// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/program/state_assembly.h"

#include "spec/cost.h"

#include <utility>

namespace gsst {

int StateAssembly::updatePending(int slice, bool wantWeights) {
    const bool kept = residencyOf(slice).weights == Tier::Device;
    const int weights = wantWeights || kept ? weightsBuffer(slice, elementsOf(slice)) : kNoBuffer;
    const int gradient = residencyOf(slice).gradient == Tier::Device ? gradientBuffer(slice) : kNoBuffer;
    updateSlice({slice, gradient, kNoBuffer, weights, Gradient::Pending});
    return weights;
}

void StateAssembly::updateNow(int slice, int gradient, int current) {
    const int kept = residencyOf(slice).weights == Tier::Device ? weightsBuffer(slice, elementsOf(slice)) : kNoBuffer;
    updateSlice({slice, gradient, current, kept, Gradient::Present});
}

void StateAssembly::loadChunk(int slice, const ChunkRange& chunk, int weights, int servedSlice) {
    const KindMask staged = stagedOf(slice, neededByWeights());
    const int64_t bytes = bytesOf(staged, chunk);
    int state = kNoBuffer;
    if (staged != 0) {
        state = newBuffer(Space::Staging, BufferUse::State, bytes);
        Op& read = addChunk(OpKind::ReadWeights, slice, chunk);
        read.slice = int16_t(servedSlice);
        read.state = state;
        read.slot = m_current;
        read.staged = read.fetched = staged;
        read.ioBytes = bytes;
    }
    joinChunk(slice, {chunk, state, staged, staged, weights}).slice = int16_t(servedSlice);
}

int StateAssembly::loadWeights(int slice, int servedSlice) {
    const int weights = weightsBuffer(slice, elementsOf(slice));
    if (residencyOf(slice).weights != Tier::Device)
        for (const ChunkRange& chunk : chunksOf(slice))
            loadChunk(slice, chunk, weights, servedSlice);
    return weights;
}

int StateAssembly::gradientBuffer(int slice) {
    const int64_t bytes = elementsOf(slice) * kGradientBytes;
    if (residencyOf(slice).gradient == Tier::Device)
        return keptBuffer(BufferUse::Gradient, slice, bytes);
    return newBuffer(Space::Device, BufferUse::Gradient, bytes);
}

void StateAssembly::zeroGradient(int slice, int gradient) {
    Op& zero = add(OpKind::ZeroGradient, slice);
    zero.gradient = gradient;
    zero.elements = elementsOf(slice);
    zero.copyBytes = zero.elements * kGradientBytes;
}

void StateAssembly::finishGradient(int slice, int gradient, int current) {
    const int ranks = m_format.share().ranks;
    if (ranks == 1)
        return takeGradient({slice, gradient, current});
    Op& reduce = add(OpKind::AllReduceGradient, slice);
    reduce.gradient = gradient;
    reduce.elements = elementsOf(slice);
    // A ring: every rank sends all but its own share once to be added up, and once as the sum.
    reduce.linkBytes = 2 * reduce.elements * kGradientBytes / ranks * (ranks - 1);
    finishLastGradient();
    // Weights that do not stay anyway would be in the way of the next slice: the update reads them again.
    m_onLink = {slice, gradient, residencyOf(slice).weights == Tier::Device ? current : kNoBuffer};
}

void StateAssembly::finishLastGradient() {
    if (const Complete waiting = std::exchange(m_onLink, {}); waiting.slice >= 0)
        takeGradient(waiting);
}

void StateAssembly::takeGradient(const Complete& complete) {
    const auto& [slice, gradient, current] = complete;
    Op& norms = add(OpKind::Norms, slice);
    norms.gradient = gradient;
    norms.elements = elementsOf(slice);
    norms.copyBytes = norms.elements * kGradientBytes;
    if (m_program.variant.update != BackwardUpdate::Speculative && residencyOf(slice).gradient != Tier::Device)
        storeGradient(slice, gradient);
    if (m_program.variant.update != BackwardUpdate::None)
        updateNow(slice, gradient, current);
}

void StateAssembly::storeGradient(int slice, int gradient) {
    for (const ChunkRange& chunk : chunksOf(slice)) {
        if (!m_format.owns(chunk.firstBlock))
            continue;
        const int64_t bytes = m_format.gradientBytes(chunk.firstBlock, chunk.blockCount);
        const bool toDisk = residencyOf(slice).gradient == Tier::Disk;
        const int staging = toDisk ? newBuffer(Space::Staging, BufferUse::ChunkGradient, bytes) : kNoBuffer;
        Op& store = addChunk(OpKind::StoreGradient, slice, chunk);
        store.gradient = gradient;
        store.chunkGradient = staging;
        store.copyBytes = bytes + chunk.paddedElements * kGradientBytes;
        if (!toDisk)
            continue;
        Op& write = addChunk(OpKind::WriteGradient, slice, chunk);
        write.chunkGradient = staging;
        write.ioBytes = bytes;
    }
}

void StateAssembly::storeTiedGradient(int slice, int gradient) {
    if (residencyOf(slice).gradient == Tier::Device)
        return;
    const bool toDisk = m_placement.tiedGradients == Tier::Disk;
    if (!toDisk)
        m_share[slice] = newBuffer(Space::Ram, BufferUse::Gradient, elementsOf(slice) * kGradientBytes);
    for (const ChunkRange& chunk : chunksOf(slice)) {
        const int64_t bytes = chunk.paddedElements * kGradientBytes;
        Op& store = addChunk(OpKind::StoreTiedGradient, slice, chunk);
        store.gradient = gradient;
        store.host = toDisk ? newBuffer(Space::Staging, BufferUse::ChunkGradient, bytes) : m_share[slice];
        store.copyBytes = 2 * bytes;
        if (!toDisk)
            continue;
        const int staging = store.host;
        Op& write = addChunk(OpKind::WriteTiedGradient, slice, chunk);
        write.host = staging;
        write.ioBytes = bytes;
    }
}

int StateAssembly::loadTiedGradient(int slice) {
    const int gradient = gradientBuffer(slice);
    if (residencyOf(slice).gradient == Tier::Device)
        return gradient;
    const bool onDisk = m_placement.tiedGradients == Tier::Disk;
    for (const ChunkRange& chunk : chunksOf(slice)) {
        const int64_t bytes = chunk.paddedElements * kGradientBytes;
        const int host = onDisk ? newBuffer(Space::Staging, BufferUse::ChunkGradient, bytes) : m_share.at(slice);
        if (onDisk) {
            Op& read = addChunk(OpKind::ReadTiedGradient, slice, chunk);
            read.host = host;
            read.ioBytes = bytes;
        }
        Op& load = addChunk(OpKind::LoadTiedGradient, slice, chunk);
        load.gradient = gradient;
        load.host = host;
        load.copyBytes = 2 * bytes;
    }
    return gradient;
}

void StateAssembly::commitHere(int slice) {
    add(OpKind::Commit, slice).slot = other();
    m_current = other();
}

void StateAssembly::updateOnly() {
    for (int slice = 0; slice < sliceCount(); ++slice)
        updatePending(slice, false);
    if (m_program.stateOnDisk)
        commitHere(headSlice());
}

void StateAssembly::commit() {
    commitHere(headSlice());
}

void StateAssembly::writeOut() {
    for (int slice = 0; slice < sliceCount(); ++slice)
        for (const ChunkRange& chunk : chunksOf(slice)) {
            Op& write = addChunk(OpKind::WriteState, slice, chunk);
            write.slot = other();
            write.usesRam = true;
            write.ioBytes = m_format.bytes(chunk.firstBlock, chunk.blockCount);
        }
    commitHere(headSlice());
}

void StateAssembly::loadKeptWeights() {
    for (int slice = 0; slice < sliceCount(); ++slice)
        if (residencyOf(slice).weights == Tier::Device) {
            const int weights = weightsBuffer(slice, elementsOf(slice));
            for (const ChunkRange& chunk : chunksOf(slice))
                loadChunk(slice, chunk, weights, slice);
        }
}

}  // namespace gsst
