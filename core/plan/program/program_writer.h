// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/program/residency.h"
#include "plan/program/step_program.h"
#include "spec/tensor_table.h"
#include "spec/train_spec.h"

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace gsst {

/// What programs are built from. All of it outlives whoever builds.
struct ProgramInputs {
    const TensorTable& table;
    const StateFormat& format;
    const TrainSpec& training;
    const Placement& placement;
    const std::vector<SliceRange>& slices;
};

/// Whether any state of any slice is on disk: then every step commits.
bool stateIsOnDisk(const ProgramInputs& inputs);

/// Writes one program op by op for those who know what is to be done: the flows of state, of activations and of the
/// head, and the sweeps over the slices. Buffer lifetimes are not managed while writing: they follow from first and
/// last use, see finish(). References to ops are good until the next one is added.
class ProgramWriter {
public:
    ProgramWriter(const ProgramInputs& inputs, const ProgramVariant& variant, int microBatches);
    /// The program; nothing can be written after it.
    StepProgram finish();

    const TensorTable& table() const { return m_inputs.table; }
    const StateFormat& format() const { return m_inputs.format; }
    const TrainSpec& training() const { return m_inputs.training; }
    const Placement& placement() const { return m_inputs.placement; }
    const ProgramVariant& variant() const { return m_program.variant; }
    bool stateOnDisk() const { return m_program.stateOnDisk; }
    int microBatches() const { return m_program.microBatches; }

    int sliceCount() const { return m_program.slices; }
    const SliceRange& range(int slice) const { return m_inputs.slices[size_t(slice)]; }
    /// The slices are: those of the embedding, then those of the layers from bodySlice(), then those of the head from
    /// headSlice().
    int bodySlice() const { return m_bodySlice; }
    int headSlice() const { return m_headSlice; }
    bool isEmbedding(int slice) const { return slice < m_bodySlice; }
    /// Whether embedding and head are in vocabulary slices; see makeSlicing().
    bool vocabularyIsSliced() const { return m_bodySlice > 1; }
    /// The slices that the head's matrix is in, from its first row on, if it is sliced.
    std::vector<int> vocabularySlices() const;
    bool tied() const { return table().model().tiedHead; }
    int64_t elementsOf(int slice) const { return sliceElements(table(), range(slice)); }
    const SliceResidency& residencyOf(int slice) const { return placement().of(slice); }
    std::vector<ChunkRange> chunksOf(int slice) const;

    int newBuffer(Space space, BufferUse use, int64_t bytes);
    /// Activations on the device whose memory the math takes from the pool itself.
    int newMathBuffer(int64_t bytes);
    /// The buffer that keeps weights or gradient of `slice` on the device across programs.
    int keptBuffer(BufferUse use, int slice, int64_t bytes);

    /// What is added from now on belongs to this sweep.
    void beginSweep(Sweep sweep) { m_sweep = sweep; }
    Op& add(OpKind kind, int slice);
    Op& addChunk(OpKind kind, int slice, const ChunkRange& chunk);

    /// The slot that holds the committed state at this point of the program, and the one that it is written to.
    SlotRef slot() const { return m_slot; }
    SlotRef otherSlot() const { return m_slot == SlotRef::Old ? SlotRef::New : SlotRef::Old; }
    /// What was written since becomes the current state.
    void commit(int slice);

private:
    const ProgramInputs m_inputs;
    StepProgram m_program;
    Sweep m_sweep = Sweep::Update;
    SlotRef m_slot = SlotRef::Old;
    int m_bodySlice = 0;
    int m_headSlice = 0;
    std::map<std::pair<BufferUse, int>, int> m_kept;
};

}  // namespace gsst
