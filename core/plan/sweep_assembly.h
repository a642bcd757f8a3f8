// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/state_assembly.h"

#include <map>
#include <utility>

namespace gsst {

/// The part of a program that computes: the sweeps over the slices, and the activations between them.
class SweepAssembly : public StateAssembly {
public:
    SweepAssembly(const TensorTable& table, const StateFormat& format, const TrainSpec& training, const Placement& placement, const std::vector<SliceRange>& slices,
                  const ProgramVariant& variant, int microBatches);

    void forwardSweep(bool lossOnly);
    void backwardSweep();

private:
    /// What lies between two slices for a micro-batch: the activation on the way up, its gradient on the way down.
    struct Boundary {
        int buffer = kNoBuffer;  ///< on the device, or in RAM
        int place = -1;          ///< of the activation in the boundary file
    };
    using Key = std::pair<int, int>;  ///< slice whose input it is, micro-batch

    int readBack(int slice, const Key& key);
    int load(OpKind kind, int slice, const Key& key, int host);
    void store(const Key& key, int buffer);
    void writeBoundary(const Key& key, int buffer);
    int loadInput(int slice, int microBatch);
    int reloadInput(int slice, int microBatch);
    bool keeps(int slice) const;
    void keepActivations(Op& forward);
    void headOf(bool lossOnly, int weights, int tiedWeights);
    void backwardOf(int slice, int weights, int gradient);

    /// What a forward pass left on the device.
    struct Kept {
        int activations = kNoBuffer;
        int input = kNoBuffer;
    };

    int64_t m_boundaryBytes = 0;
    std::map<Key, Kept> m_kept;
    std::map<Key, Boundary> m_boundary;
    std::map<int, int> m_deviceGradient;  ///< micro-batch -> gradient kept on the device
    int m_tiedGradient = kNoBuffer;
};

}  // namespace gsst
