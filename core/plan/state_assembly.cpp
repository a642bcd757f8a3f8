// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/state_assembly.h"

#include "spec/cost.h"

#include <utility>

namespace gsst {

int64_t StateAssembly::bytesOf(KindMask kinds, const ChunkRange& chunk) const {
    int64_t bytes = 0;
    for (StateKind kind : m_format.kinds())
        bytes += kinds & bitOf(kind) ? m_format.bytes(chunk.firstBlock, chunk.blockCount, kind) : 0;
    return bytes;
}

/// Those of `wanted` that are on disk and so pass through staging.
KindMask StateAssembly::stagedOf(int slice, KindMask wanted) const {
    KindMask staged = 0;
    for (StateKind kind : m_format.kinds())
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

/// The kinds of state that compute weights are made from.
KindMask StateAssembly::neededByWeights() const {
    KindMask needed = 0;
    for (StateKind kind : m_format.kinds())
        needed |= m_format.weightsNeed(kind, m_training.precision) ? bitOf(kind) : KindMask{0};
    return needed;
}

/// Those that they tell in full.
KindMask StateAssembly::toldByWeights() const {
    KindMask told = 0;
    for (StateKind kind : m_format.kinds())
        told |= m_format.weightsTell(kind, m_training.precision) ? bitOf(kind) : KindMask{0};
    return told;
}

/// Chunks that all ranks update at the same time, one of each rank that has one left. With one rank every chunk is a round of its own.
std::vector<std::vector<ChunkRange>> StateAssembly::roundsOf(int slice) const {
    std::vector<std::vector<ChunkRange>> rounds;
    std::vector<size_t> next(size_t(m_format.share().ranks));
    for (const ChunkRange& chunk : chunksOf(slice)) {
        const size_t round = next[size_t(m_format.ownerOf(chunk.firstBlock))]++;
        if (round == rounds.size())
            rounds.emplace_back();
        rounds[round].push_back(chunk);
    }
    return rounds;
}

/// This rank updates what it owns and gets the weights of the rest from their owners. What a round gets is joined after the update of the
/// next one, so that this rank computes while the others send.
void StateAssembly::updateSlice(const SliceUpdate& given) {
    std::vector<Updated> onLink;
    const auto takeShared = [&] {
        for (const Updated& shared : std::exchange(onLink, {}))
            joinShared(given, shared);
    };
    for (const std::vector<ChunkRange>& round : roundsOf(given.slice)) {
        std::vector<Updated> all;
        for (const ChunkRange& chunk : round)
            all.push_back(m_format.owns(chunk.firstBlock) ? updateChunk(given, chunk) : foreignChunk(given.slice, chunk));
        takeShared();
        if (m_format.share().ranks > 1)
            for (const Updated& updated : all)
                shareWeights(given.slice, updated);
        for (const Updated& updated : all)
            if (m_format.owns(updated.chunk.firstBlock))
                writeUpdated(given.slice, updated);
            else
                onLink.push_back(updated);
    }
    takeShared();
}

StateAssembly::Updated StateAssembly::updateChunk(const SliceUpdate& given, const ChunkRange& chunk) {
    const auto& [slice, gradient, current, weights, which] = given;
    const KindMask all = bitsOf(m_format);
    const KindMask staged = stagedOf(slice, all);
    const bool usesRam = staged != all;
    const int64_t gradientBytes = m_format.gradientBytes(chunk.firstBlock, chunk.blockCount);
    const bool stored = gradient == kNoBuffer && residencyOf(slice).gradient == Tier::Disk;
    const KindMask fetched = current == kNoBuffer ? staged : KindMask(staged & ~toldByWeights());
    const int state = staged == 0 ? kNoBuffer : newBuffer(Space::Staging, BufferUse::State, bytesOf(staged, chunk));
    if (fetched != 0) {
        Op& read = addChunk(OpKind::ReadState, slice, chunk);
        read.slot = m_current;
        read.state = state;
        read.staged = staged;
        read.fetched = fetched;
        read.ioBytes = bytesOf(fetched, chunk);
    }
    int chunkGradient = kNoBuffer;
    if (stored) {
        chunkGradient = newBuffer(Space::Staging, BufferUse::ChunkGradient, gradientBytes);
        Op& read = addChunk(OpKind::ReadGradient, slice, chunk);
        read.chunkGradient = chunkGradient;
        read.ioBytes = gradientBytes;
    }
    Op& update = addChunk(OpKind::Update, slice, chunk);
    update.slot = m_current;
    update.state = state;
    update.staged = staged;
    update.fetched = fetched;
    update.usesRam = usesRam;
    update.chunkGradient = chunkGradient;
    update.gradient = gradient;
    update.inBackward = which == Gradient::Present;
    update.current = fetched == staged ? kNoBuffer : current;
    update.weights = weights;
    update.copyBytes = 2 * bytesOf(all, chunk) + gradientBytes;
    return {chunk, state, staged, usesRam};
}

/// Of a chunk that another rank updates: room for what it will send.
StateAssembly::Updated StateAssembly::foreignChunk(int slice, const ChunkRange& chunk) {
    const KindMask wanted = neededByWeights();
    const KindMask staged = stagedOf(slice, wanted);
    const int state = staged == 0 ? kNoBuffer : newBuffer(Space::Staging, BufferUse::State, bytesOf(staged, chunk));
    return {chunk, state, staged, staged != wanted};
}

void StateAssembly::shareWeights(int slice, const Updated& updated) {
    Op& share = addChunk(OpKind::ShareWeights, slice, updated.chunk);
    share.owner = int16_t(m_format.ownerOf(updated.chunk.firstBlock));
    share.state = updated.state;
    share.staged = updated.staged;
    share.usesRam = updated.usesRam;
    share.linkBytes = bytesOf(neededByWeights(), updated.chunk);
}

/// The weights that another rank has sent: onto the device, if they are wanted there, and to the drive.
void StateAssembly::joinShared(const SliceUpdate& given, const Updated& shared) {
    if (given.weights != kNoBuffer)
        joinChunk(given.slice, {shared.chunk, shared.state, shared.staged, 0, given.weights});
    writeUpdated(given.slice, shared);
}

void StateAssembly::writeUpdated(int slice, const Updated& updated) {
    if (!m_program.stateOnDisk)
        return;
    Op& write = addChunk(OpKind::WriteState, slice, updated.chunk);
    write.slot = other();
    write.state = updated.state;
    write.staged = updated.staged;
    write.usesRam = updated.usesRam;
    write.ioBytes = bytesOf(bitsOf(m_format), updated.chunk);
}

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

Op& StateAssembly::joinChunk(int slice, const ChunkJoin& given) {
    const KindMask wanted = neededByWeights();
    Op& join = addChunk(OpKind::Join, slice, given.chunk);
    join.slot = m_current;
    join.state = given.state;
    join.staged = given.staged;
    join.fetched = given.fetched;
    join.usesRam = given.staged != wanted;
    join.weights = given.weights;
    join.joinsLo = (wanted & bitOf(StateKind::Lo)) != 0;
    join.copyBytes = bytesOf(wanted, given.chunk) + given.chunk.paddedElements * computeElementBytes(m_training.precision);
    return join;
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
    Op& reduce = add(OpKind::ReduceGradient, slice);
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

void StateAssembly::keepShare(int slice, int gradient) {
    if (residencyOf(slice).gradient == Tier::Device)
        return;
    const bool toDisk = m_placement.headShares == Tier::Disk;
    if (!toDisk)
        m_share[slice] = newBuffer(Space::Ram, BufferUse::Gradient, elementsOf(slice) * kGradientBytes);
    for (const ChunkRange& chunk : chunksOf(slice)) {
        const int64_t bytes = chunk.paddedElements * kGradientBytes;
        Op& store = addChunk(OpKind::StoreShare, slice, chunk);
        store.gradient = gradient;
        store.host = toDisk ? newBuffer(Space::Staging, BufferUse::ChunkGradient, bytes) : m_share[slice];
        store.copyBytes = 2 * bytes;
        if (!toDisk)
            continue;
        const int staging = store.host;
        Op& write = addChunk(OpKind::WriteShare, slice, chunk);
        write.host = staging;
        write.ioBytes = bytes;
    }
}

int StateAssembly::reopenShare(int slice) {
    const int gradient = gradientBuffer(slice);
    if (residencyOf(slice).gradient == Tier::Device)
        return gradient;
    const bool onDisk = m_placement.headShares == Tier::Disk;
    for (const ChunkRange& chunk : chunksOf(slice)) {
        const int64_t bytes = chunk.paddedElements * kGradientBytes;
        const int host = onDisk ? newBuffer(Space::Staging, BufferUse::ChunkGradient, bytes) : m_share.at(slice);
        if (onDisk) {
            Op& read = addChunk(OpKind::ReadShare, slice, chunk);
            read.host = host;
            read.ioBytes = bytes;
        }
        Op& load = addChunk(OpKind::LoadShare, slice, chunk);
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

void StateAssembly::commit() { commitHere(headSlice()); }

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
