// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/residency.h"
#include "plan/step_program.h"
#include "spec/tensor_table.h"
#include "spec/train_spec.h"

#include <map>
#include <utility>
#include <vector>

namespace gsst {

/// Writes one program op by op. Buffer lifetimes are not managed while writing: they follow from first and last use, see
/// finish(). The base of the three parts that know what to write: state, activations, sweeps.
class ProgramAssembly {
public:
    /// References must outlive it.
    ProgramAssembly(const TensorTable& table, const StateFormat& format, const TrainSpec& training, const Placement& placement,
                    const std::vector<SliceRange>& slices, const ProgramVariant& variant, int microBatches);
    StepProgram finish();

protected:
    int headSlice() const { return int(m_slices.size()) - 1; }
    bool tied() const { return m_table.model().tiedHead; }
    int64_t elementsOf(int slice) const { return sliceElements(m_table, m_slices[size_t(slice)]); }
    const SliceResidency& residencyOf(int slice) const { return m_placement.of(slice); }

    int newBuffer(Space space, BufferUse use, int64_t bytes);
    /// The buffer that keeps weights or gradient of `slice` on the device across programs.
    int keptBuffer(BufferUse use, int slice, int64_t bytes);
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
    std::map<std::pair<BufferUse, int>, int> m_kept;
};

}  // namespace gsst
