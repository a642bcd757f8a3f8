// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/program/update_flow.h"

#include "spec/cost.h"

#include <utility>

namespace gsst {

int64_t UpdateFlow::bytesOf(KindMask kinds, const ChunkRange& chunk) const {
    int64_t bytes = 0;
    for (StateKind kind : m_out.format().kinds())
        bytes += kinds & bitOf(kind) ? m_out.format().bytes(chunk.firstBlock, chunk.blockCount, kind) : 0;
    return bytes;
}

KindMask UpdateFlow::stagedOf(int slice, KindMask wanted) const {
    KindMask staged = 0;
    for (StateKind kind : m_out.format().kinds())
        if (m_out.residencyOf(slice).of(kind) == Tier::Disk)
            staged |= wanted & bitOf(kind);
    return staged;
}

int UpdateFlow::weightsBuffer(int slice, int64_t elements) {
    const int64_t bytes = elements * computeElementBytes(m_out.training().precision);
    if (m_out.residencyOf(slice).weights == Tier::Device)
        return m_out.keptBuffer(BufferUse::Weights, slice, bytes);
    return m_out.newBuffer(Space::Device, BufferUse::Weights, bytes);
}

KindMask UpdateFlow::neededByWeights() const {
    KindMask needed = 0;
    for (StateKind kind : m_out.format().kinds())
        needed |= m_out.format().weightsNeed(kind, m_out.training().precision) ? bitOf(kind) : KindMask{0};
    return needed;
}

/// Those that they tell in full.
KindMask UpdateFlow::toldByWeights() const {
    KindMask told = 0;
    for (StateKind kind : m_out.format().kinds())
        told |= m_out.format().weightsTell(kind, m_out.training().precision) ? bitOf(kind) : KindMask{0};
    return told;
}

/// Chunks that all ranks update at the same time, one of each rank that has one left. With one rank every chunk is a
/// round of its own.
std::vector<std::vector<ChunkRange>> UpdateFlow::roundsOf(int slice) const {
    std::vector<std::vector<ChunkRange>> rounds;
    std::vector<size_t> next(size_t(m_out.format().share().ranks));
    for (const ChunkRange& chunk : m_out.chunksOf(slice)) {
        const size_t round = next[size_t(m_out.format().ownerOf(chunk.firstBlock))]++;
        if (round == rounds.size())
            rounds.emplace_back();
        rounds[round].push_back(chunk);
    }
    return rounds;
}

/// This rank updates what it owns and gets the weights of the rest from their owners. What a round gets is joined after
/// the update of the next one, so that this rank computes while the others send.
void UpdateFlow::updateSlice(const SliceUpdate& given) {
    std::vector<Updated> onLink;
    const auto takeShared = [&] {
        for (const Updated& shared : std::exchange(onLink, {}))
            joinShared(given, shared);
    };
    for (const std::vector<ChunkRange>& round : roundsOf(given.slice)) {
        std::vector<Updated> all;
        for (const ChunkRange& chunk : round)
            all.push_back(m_out.format().owns(chunk.firstBlock) ? updateChunk(given, chunk)
                                                                : foreignChunk(given.slice, chunk));
        takeShared();
        if (m_out.format().share().ranks > 1)
            for (const Updated& updated : all)
                allGatherWeights(given.slice, updated);
        for (const Updated& updated : all)
            if (m_out.format().owns(updated.chunk.firstBlock))
                writeUpdated(given.slice, updated);
            else
                onLink.push_back(updated);
    }
    takeShared();
}

UpdateFlow::Updated UpdateFlow::updateChunk(const SliceUpdate& given, const ChunkRange& chunk) {
    const auto& [slice, gradient, current, weights, which] = given;
    const KindMask all = bitsOf(m_out.format());
    const KindMask staged = stagedOf(slice, all);
    const bool usesRam = staged != all;
    const int64_t gradientBytes = m_out.format().gradientBytes(chunk.firstBlock, chunk.blockCount);
    const bool stored = gradient == kNoBuffer && m_out.residencyOf(slice).gradient == Tier::Disk;
    const KindMask fetched = current == kNoBuffer ? staged : KindMask(staged & ~toldByWeights());
    const int state =
        staged == 0 ? kNoBuffer : m_out.newBuffer(Space::Staging, BufferUse::State, bytesOf(staged, chunk));
    if (fetched != 0) {
        Op& read = m_out.addChunk(OpKind::ReadState, slice, chunk);
        read.slot = m_out.slot();
        read.state = state;
        read.staged = staged;
        read.fetched = fetched;
        read.ioBytes = bytesOf(fetched, chunk);
    }
    int chunkGradient = kNoBuffer;
    if (stored) {
        chunkGradient = m_out.newBuffer(Space::Staging, BufferUse::ChunkGradient, gradientBytes);
        Op& read = m_out.addChunk(OpKind::ReadGradient, slice, chunk);
        read.chunkGradient = chunkGradient;
        read.ioBytes = gradientBytes;
    }
    Op& update = m_out.addChunk(OpKind::Update, slice, chunk);
    update.slot = m_out.slot();
    update.state = state;
    update.staged = staged;
    update.fetched = fetched;
    update.usesRam = usesRam;
    update.chunkGradient = chunkGradient;
    update.gradient = gradient;
    update.inBackward = which == Gradient::Present;
    update.current = fetched == staged ? kNoBuffer : current;
    update.weights = weights;
    update.copyBytes = m_out.format().updateBytes(chunk.firstBlock, chunk.blockCount, gradientBytes);
    return {chunk, state, staged, usesRam};
}

/// Of a chunk that another rank updates: room for what it will send.
UpdateFlow::Updated UpdateFlow::foreignChunk(int slice, const ChunkRange& chunk) {
    const KindMask wanted = neededByWeights();
    const KindMask staged = stagedOf(slice, wanted);
    const int state =
        staged == 0 ? kNoBuffer : m_out.newBuffer(Space::Staging, BufferUse::State, bytesOf(staged, chunk));
    return {chunk, state, staged, staged != wanted};
}

void UpdateFlow::allGatherWeights(int slice, const Updated& updated) {
    Op& share = m_out.addChunk(OpKind::AllGatherWeights, slice, updated.chunk);
    share.owner = int16_t(m_out.format().ownerOf(updated.chunk.firstBlock));
    share.state = updated.state;
    share.staged = updated.staged;
    share.usesRam = updated.usesRam;
    share.linkBytes = bytesOf(neededByWeights(), updated.chunk);
}

/// The weights that another rank has sent: onto the device, if they are wanted there, and to the drive.
void UpdateFlow::joinShared(const SliceUpdate& given, const Updated& shared) {
    if (given.weights != kNoBuffer)
        joinChunk(given.slice, {shared.chunk, shared.state, shared.staged, 0, given.weights});
    writeUpdated(given.slice, shared);
}

void UpdateFlow::writeUpdated(int slice, const Updated& updated) {
    if (!m_out.stateOnDisk())
        return;
    Op& write = m_out.addChunk(OpKind::WriteState, slice, updated.chunk);
    write.slot = m_out.otherSlot();
    write.state = updated.state;
    write.staged = updated.staged;
    write.usesRam = updated.usesRam;
    write.ioBytes = bytesOf(bitsOf(m_out.format()), updated.chunk);
}

Op& UpdateFlow::joinChunk(int slice, const ChunkJoin& given) {
    const KindMask wanted = neededByWeights();
    Op& join = m_out.addChunk(OpKind::Materialize, slice, given.chunk);
    join.slot = m_out.slot();
    join.state = given.state;
    join.staged = given.staged;
    join.fetched = given.fetched;
    join.usesRam = given.staged != wanted;
    join.weights = given.weights;
    join.withLo = (wanted & bitOf(StateKind::Lo)) != 0;
    join.copyBytes =
        bytesOf(wanted, given.chunk) + given.chunk.paddedElements * computeElementBytes(m_out.training().precision);
    return join;
}

}  // namespace gsst
