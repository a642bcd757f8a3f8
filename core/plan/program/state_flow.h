// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/program/update_flow.h"

#include <map>

namespace gsst {

/// Moves gradients and weights, by the tier of each kind, and decides when slices are updated.
class StateFlow {
public:
    explicit StateFlow(ProgramWriter& out) : m_out(out), m_updates(out) {}

    void updateOnly();
    void commit();
    void writeOut();
    void loadKeptWeights();

    /// The pending update of every chunk of the slice, from its stored gradient; its working weights are filled on the
    /// way.
    int updatePending(int slice, bool wantWeights);
    /// Working weights of the slice as they are in the current slot, for ops of `servedSlice`: a whole tied head needs
    /// the embedding's.
    int loadWeights(int slice, int servedSlice);
    int gradientBuffer(int slice);
    void zeroGradient(int slice, int gradient);
    /// Squared norms of the complete gradient, then its way to where it waits, or the update, as the variant says.
    /// `current`: the slice's weights if they are on the device; an update then need not read what they tell
    /// (StateFormat::weightsTell()). With several ranks first the sum over them: it runs beside what comes next, and
    /// the rest follows with the next call.
    void finishGradient(int slice, int gradient, int current);
    /// What is left of it after the last slice.
    void finishLastGradient();
    /// Puts aside what a tied head has added to the gradient of a vocabulary slice, until the backward sweep comes to
    /// the embedding; unrounded, whatever the preset. A gradient that stays on the device stays open.
    void storeTiedGradient(int slice, int gradient);
    /// The gradient as storeTiedGradient() left it.
    int loadTiedGradient(int slice);

private:
    struct Complete {
        int slice = -1;
        int gradient = kNoBuffer;
        int current = kNoBuffer;
    };
    void takeGradient(const Complete& complete);
    /// The update of the slice from the gradient that is complete in `gradient`. `current` as for finishGradient().
    void updateNow(int slice, int gradient, int current);
    void loadChunk(int slice, const ChunkRange& chunk, int weights, int servedSlice);
    void storeGradient(int slice, int gradient);

    ProgramWriter& m_out;
    UpdateFlow m_updates;
    Complete m_onLink;           ///< whose sum over the ranks is on its way; slice -1: none
    std::map<int, int> m_share;  ///< by slice: the head's share in RAM
};

}  // namespace gsst
