// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/program_assembly.h"

#include <map>
#include <vector>

namespace gsst {

/// The part of a program that moves state and gradients: reads, updates, writes, by the tier of each kind.
class StateAssembly : public ProgramAssembly {
public:
    using ProgramAssembly::ProgramAssembly;

    void updateOnly();
    void commit();
    void writeOut();
    void loadKeptWeights();

protected:
    /// The pending update of every chunk of the slice, from its stored gradient; its working weights are filled on the way.
    int updatePending(int slice, bool wantWeights);
    /// The update of the slice from the gradient that is complete in `gradient`. `current` as for finishGradient().
    void updateNow(int slice, int gradient, int current);
    /// Working weights of the slice as they are in the current slot, for ops of `servedSlice`: a whole tied head needs the embedding's.
    int loadWeights(int slice, int servedSlice);
    int gradientBuffer(int slice);
    void zeroGradient(int slice, int gradient);
    /// Squared norms of the complete gradient, then its way to where it waits, or the update, as the variant says. `current`: the
    /// slice's weights if they are on the device; an update then need not read what they tell (StateFormat::weightsTell()).
    /// With several ranks first the sum over them: it runs beside what comes next, and the rest follows with the next call.
    void finishGradient(int slice, int gradient, int current);
    /// What is left of it after the last slice.
    void finishLastGradient();
    /// Puts aside what a tied head has added to the gradient of a vocabulary slice, until the backward sweep comes to the embedding;
    /// unrounded, whatever the preset. A gradient that stays on the device stays open.
    void keepShare(int slice, int gradient);
    /// The gradient as keepShare() left it.
    int reopenShare(int slice);
    /// What was written since becomes the current state.
    void commitHere(int slice);

private:
    int64_t bytesOf(KindMask kinds, const ChunkRange& chunk) const;
    KindMask stagedOf(int slice, KindMask wanted) const;
    int weightsBuffer(int slice, int64_t elements);
    /// Whose gradient an update applies: that of the step before, or of this one.
    enum class Gradient { Pending, Present };
    struct SliceUpdate {
        int slice = 0;
        int gradient = kNoBuffer;  ///< on the device, or stored
        int current = kNoBuffer;   ///< weights before the update, if they are on the device
        int weights = kNoBuffer;   ///< filled with those after it
        Gradient which{};
    };
    struct Complete {
        int slice = -1;
        int gradient = kNoBuffer;
        int current = kNoBuffer;
    };
    void takeGradient(const Complete& complete);
    KindMask neededByWeights() const;
    KindMask toldByWeights() const;
    /// State of a chunk on its way from its update to the drive.
    struct Updated {
        ChunkRange chunk;
        int state = kNoBuffer;
        KindMask staged = 0;
        bool usesRam = false;
    };
    void updateSlice(const SliceUpdate& given);
    Updated updateChunk(const SliceUpdate& given, const ChunkRange& chunk);
    std::vector<std::vector<ChunkRange>> roundsOf(int slice) const;
    Updated foreignChunk(int slice, const ChunkRange& chunk);
    void shareWeights(int slice, const Updated& updated);
    void joinShared(const SliceUpdate& given, const Updated& shared);
    void writeUpdated(int slice, const Updated& updated);
    struct ChunkJoin {
        ChunkRange chunk;
        int state = kNoBuffer;
        KindMask staged = 0;
        KindMask fetched = 0;
        int weights = kNoBuffer;
    };
    Op& joinChunk(int slice, const ChunkJoin& given);
    void loadChunk(int slice, const ChunkRange& chunk, int weights, int servedSlice);
    void storeGradient(int slice, int gradient);

    Complete m_onLink;  ///< whose sum over the ranks is on its way; slice -1: none
    std::map<int, int> m_share;  ///< by slice: the head's share in RAM
    SlotRef m_current = SlotRef::Old;  ///< the slot that holds the committed state at this point of the program
    SlotRef other() const { return m_current == SlotRef::Old ? SlotRef::New : SlotRef::Old; }
};

}  // namespace gsst
