// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/program/program_writer.h"

#include <vector>

namespace gsst {

/// Updates slices, chunk by chunk: state in, update, state out; and, with several ranks, new
/// weights from whoever updates them to all others.
class UpdateFlow {
public:
    /// The writer outlives it; so for all flows.
    explicit UpdateFlow(ProgramWriter& out) : m_out(out) {}

    /// Whose gradient an update applies: that of the step before, or of this one.
    enum class Gradient { Pending, Present };
    struct SliceUpdate {
        int slice = 0;
        int gradient = kNoBuffer;  ///< on the device, or stored
        int current = kNoBuffer;   ///< weights before the update, if they are on the device
        int weights = kNoBuffer;   ///< filled with those after it
        Gradient which{};
    };
    void updateSlice(const SliceUpdate& given);

    /// State of a chunk, in staging or on its way there, becomes weights.
    struct ChunkJoin {
        ChunkRange chunk;
        int state = kNoBuffer;
        KindMask staged = 0;
        KindMask fetched = 0;
        int weights = kNoBuffer;
    };
    Op& joinChunk(int slice, const ChunkJoin& given);

    int64_t bytesOf(KindMask kinds, const ChunkRange& chunk) const;
    /// Those of `wanted` that are on disk and so pass through staging.
    KindMask stagedOf(int slice, KindMask wanted) const;
    /// The kinds of state that compute weights are made from.
    KindMask neededByWeights() const;
    int weightsBuffer(int slice, int64_t elements);

private:
    /// State of a chunk on its way from its update to the drive.
    struct Updated {
        ChunkRange chunk;
        int state = kNoBuffer;
        KindMask staged = 0;
        bool usesRam = false;
    };
    std::vector<std::vector<ChunkRange>> roundsOf(int slice) const;
    Updated updateChunk(const SliceUpdate& given, const ChunkRange& chunk);
    Updated foreignChunk(int slice, const ChunkRange& chunk);
    void allGatherWeights(int slice, const Updated& updated);
    void joinShared(const SliceUpdate& given, const Updated& shared);
    void writeUpdated(int slice, const Updated& updated);
    KindMask toldByWeights() const;

    ProgramWriter& m_out;
};

}  // namespace gsst
