// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/program/residency.h"
#include "plan/program/step_program.h"
#include "spec/tensor_table.h"
#include "spec/train_spec.h"

#include <map>
#include <utility>
#include <vector>

namespace gsst {

/// Writes one program op by op. Buffer lifetimes are not managed while writing: they follow from first and last use,
/// see finish(). The base of the parts that know what to write: state, activations, the head, sweeps.
class ProgramAssembly {
public:
    /// References must outlive it.
    ProgramAssembly(const TensorTable& table, const StateFormat& format, const TrainSpec& training,
                    const Placement& placement, const std::vector<SliceRange>& slices, const ProgramVariant& variant,
                    int microBatches);
    StepProgram finish();

protected:
    int sliceCount() const { return int(m_slices.size()); }
    /// The slices are: those of the embedding, then those of the layers from bodySlice(), then those of the head from
    /// headSlice().
    int bodySlice() const { return m_bodySlice; }
    int headSlice() const { return m_headSlice; }
    bool isEmbedding(int slice) const { return slice < m_bodySlice; }
    /// Whether embedding and head are in vocabulary slices; see makeSlicing().
    bool vocabularyIsSliced() const { return m_bodySlice > 1; }
    /// The slices that the head's matrix is in, from its first row on, if it is sliced.
    std::vector<int> vocabularySlices() const;
    bool tied() const { return m_table.model().tiedHead; }
    int64_t elementsOf(int slice) const { return sliceElements(m_table, m_slices[size_t(slice)]); }
    const SliceResidency& residencyOf(int slice) const { return m_placement.of(slice); }

    int newBuffer(Space space, BufferUse use, int64_t bytes);
    /// The buffer that keeps weights or gradient of `slice` on the device across programs.
    int keptBuffer(BufferUse use, int slice, int64_t bytes);
    /// What is added from now on belongs to this sweep.
    void beginSweep(Sweep sweep) { m_sweep = sweep; }
    Op& add(OpKind kind, int slice);
    Op& addChunk(OpKind kind, int slice, const ChunkRange& chunk);
    std::vector<ChunkRange> chunksOf(int slice) const;

    const TensorTable& m_table;
    const StateFormat& m_format;
    const TrainSpec& m_training;
    const Placement& m_placement;
    const std::vector<SliceRange>& m_slices;
    StepProgram m_program;

private:
    Sweep m_sweep = Sweep::Update;
    int m_bodySlice = 0;
    int m_headSlice = 0;
    std::map<std::pair<BufferUse, int>, int> m_kept;
};

}  // namespace gsst
