// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/state_assembly.h"

#include "plan/state_bytes.h"
#include "spec/cost.h"

namespace gsst {
namespace {

int64_t bytesOf(KindMask kinds, int64_t elements) {
    int64_t bytes = 0;
    for (StateKind kind : kStateKinds)
        bytes += kinds & bitOf(kind) ? elementBytes(kind) : 0;
    return bytes * elements;
}

}  // namespace

/// Those of `wanted` that are on disk and so pass through staging.
KindMask StateAssembly::stagedOf(int slice, KindMask wanted) const {
    KindMask staged = 0;
    for (StateKind kind : kStateKinds)
        if (residencyOf(slice).of(kind) == Tier::Disk)
            staged |= wanted & bitOf(kind);
    return staged;
}

int StateAssembly::weightsBuffer(int slice, int64_t elements) {
    const int64_t bytes = elements * computeElementBytes(m_training.precision);
    if (residencyOf(slice).weights == Tier::Device)
        return keptBuffer(BufferUse::Weights, slice, bytes);
    return newBuffer(Space::Device, BufferUse::Weights, bytes);
}

void StateAssembly::updateChunk(int slice, const ChunkRange& chunk, int weights, int gradient, Gradient which) {
    const int64_t elements = chunk.paddedElements;
    const KindMask staged = stagedOf(slice, kAllKindBits);
    const bool usesRam = staged != kAllKindBits;
    const bool stored = gradient == kNoBuffer && residencyOf(slice).gradient == Tier::Disk;
    int state = kNoBuffer;
    if (staged != 0) {
        state = newBuffer(Space::Staging, BufferUse::State, bytesOf(staged, elements));
        Op& read = addChunk(OpKind::ReadState, slice, chunk);
        read.slot = m_current;
        read.state = state;
        read.staged = staged;
        read.ioBytes = bytesOf(staged, elements);
    }
    int chunkGradient = kNoBuffer;
    if (stored) {
        chunkGradient = newBuffer(Space::Staging, BufferUse::ChunkGradient, elements * kGradientBytes);
        Op& read = addChunk(OpKind::ReadGradient, slice, chunk);
        read.chunkGradient = chunkGradient;
        read.ioBytes = elements * kGradientBytes;
    }
    Op& update = addChunk(OpKind::Update, slice, chunk);
    update.state = state;
    update.staged = staged;
    update.usesRam = usesRam;
    update.chunkGradient = chunkGradient;
    update.gradient = gradient;
    update.inBackward = which == Gradient::Present;
    update.weights = weights;
    update.copyBytes = elements * (2 * kStateBytes + kGradientBytes);
    if (m_program.stateOnDisk) {
        Op& write = addChunk(OpKind::WriteState, slice, chunk);
        write.slot = other();
        write.state = state;
        write.staged = staged;
        write.usesRam = usesRam;
        write.ioBytes = elements * kStateBytes;
    }
}

int StateAssembly::updatePending(int slice, bool wantWeights) {
    const bool kept = residencyOf(slice).weights == Tier::Device;
    const int weights = wantWeights || kept ? weightsBuffer(slice, elementsOf(slice)) : kNoBuffer;
    const int gradient = residencyOf(slice).gradient == Tier::Device ? gradientBuffer(slice) : kNoBuffer;
    for (const ChunkRange& chunk : chunksOf(slice))
        updateChunk(slice, chunk, weights, gradient, Gradient::Pending);
    return weights;
}

void StateAssembly::updateNow(int slice, int gradient) {
    const int weights = residencyOf(slice).weights == Tier::Device ? weightsBuffer(slice, elementsOf(slice)) : kNoBuffer;
    for (const ChunkRange& chunk : chunksOf(slice))
        updateChunk(slice, chunk, weights, gradient, Gradient::Present);
}

void StateAssembly::loadChunk(int slice, const ChunkRange& chunk, int weights, int servedSlice) {
    const KindMask wanted = bitOf(StateKind::Hi) | (fp32() ? bitOf(StateKind::Lo) : 0);
    const KindMask staged = stagedOf(slice, wanted);
    const int64_t bytes = bytesOf(staged, chunk.paddedElements);
    int state = kNoBuffer;
    if (staged != 0) {
        state = newBuffer(Space::Staging, BufferUse::State, bytes);
        Op& read = addChunk(OpKind::ReadWeights, slice, chunk);
        read.slice = int16_t(servedSlice);
        read.state = state;
        read.slot = m_current;
        read.staged = staged;
        read.ioBytes = bytes;
    }
    Op& join = addChunk(OpKind::Join, slice, chunk);
    join.slice = int16_t(servedSlice);
    join.state = state;
    join.staged = staged;
    join.usesRam = staged != wanted;
    join.weights = weights;
    join.joinsLo = fp32();
    join.copyBytes = bytesOf(wanted, chunk.paddedElements) + chunk.paddedElements * computeElementBytes(m_training.precision);
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

void StateAssembly::finishGradient(int slice, int gradient) {
    Op& norms = add(OpKind::Norms, slice);
    norms.gradient = gradient;
    norms.elements = elementsOf(slice);
    norms.copyBytes = norms.elements * kGradientBytes;
    if (m_program.variant.update != BackwardUpdate::Speculative && residencyOf(slice).gradient != Tier::Device)
        storeGradient(slice, gradient);
    if (m_program.variant.update != BackwardUpdate::None)
        updateNow(slice, gradient);
}

void StateAssembly::storeGradient(int slice, int gradient) {
    for (const ChunkRange& chunk : chunksOf(slice)) {
        const int64_t bytes = chunk.paddedElements * kGradientBytes;
        const bool toDisk = residencyOf(slice).gradient == Tier::Disk;
        const int staging = toDisk ? newBuffer(Space::Staging, BufferUse::ChunkGradient, bytes) : kNoBuffer;
        Op& store = addChunk(OpKind::StoreGradient, slice, chunk);
        store.gradient = gradient;
        store.chunkGradient = staging;
        store.copyBytes = 2 * bytes;
        if (!toDisk)
            continue;
        Op& write = addChunk(OpKind::WriteGradient, slice, chunk);
        write.chunkGradient = staging;
        write.ioBytes = bytes;
    }
}

void StateAssembly::commitHere(int slice) {
    add(OpKind::Commit, slice).slot = other();
    m_current = other();
}

void StateAssembly::updateOnly() {
    for (int slice = 0; slice <= headSlice(); ++slice)
        updatePending(slice, false);
    if (m_program.stateOnDisk)
        commitHere(headSlice());
}

void StateAssembly::commit() { commitHere(headSlice()); }

void StateAssembly::writeOut() {
    for (int slice = 0; slice <= headSlice(); ++slice)
        for (const ChunkRange& chunk : chunksOf(slice)) {
            Op& write = addChunk(OpKind::WriteState, slice, chunk);
            write.slot = other();
            write.usesRam = true;
            write.ioBytes = chunk.paddedElements * kStateBytes;
        }
    commitHere(headSlice());
}

void StateAssembly::loadKeptWeights() {
    for (int slice = 0; slice <= headSlice(); ++slice)
        if (residencyOf(slice).weights == Tier::Device) {
            const int weights = weightsBuffer(slice, elementsOf(slice));
            for (const ChunkRange& chunk : chunksOf(slice))
                loadChunk(slice, chunk, weights, slice);
        }
}

}  // namespace gsst
