// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/program/program_writer.h"

#include <map>
#include <set>
#include <utility>

namespace gsst {

/// Moves activations: what lies between two slices for a micro-batch, by its tier.
class ActivationFlow {
public:
    explicit ActivationFlow(ProgramWriter& out);

    using Key = std::pair<int, int>;  ///< slice whose input it is, micro-batch

    /// On the device, of what lies between two slices for a micro-batch.
    int newActivation() { return m_out.newBuffer(Space::Device, BufferUse::Activation, m_boundaryBytes); }

    /// For the slice that needs it next, on the way up. A slice may get it again, changed.
    void storeInput(const Key& key, int buffer);
    /// For the backward sweep, if boundary activations are on disk.
    void writeBoundary(const Key& key, int buffer);
    /// On the way up, for an op of `slice`.
    int loadInput(int slice, const Key& key);
    /// On the way down, for an op of the slice whose input it is.
    int reloadInput(const Key& key);

    /// The gradient of the input of `key`, for the slice below, on the way down.
    void storeInputGradient(const Key& key, int buffer);
    /// For an op of `slice`.
    int loadOutputGradient(int slice, const Key& above);

    /// The gradient of the head's input while vocabulary slices add to it, besides the input: new, or as it was put
    /// aside.
    int openHeadGradient(int slice, int microBatch);
    void putAsideHeadGradient(int slice, int microBatch, int buffer);

    /// The slice's input stays on the device until its backward pass.
    void noteKeptInput(const Key& key) { m_keptInput.insert(key); }

private:
    /// What lies between two slices for a micro-batch: the activation on the way up, its gradient on the way down.
    struct Boundary {
        int buffer = kNoBuffer;  ///< on the device, or in RAM
        int place = -1;          ///< of the activation in the boundary file
    };
    bool onDevice() const { return m_out.placement().boundaries == Tier::Device; }
    int load(OpKind kind, int slice, int microBatch, int host);
    void storeTo(int host, int slice, int microBatch, int buffer);
    void storeInRam(const Key& key, int buffer);

    ProgramWriter& m_out;
    const int64_t m_boundaryBytes;
    std::map<Key, Boundary> m_boundary;
    std::set<Key> m_keptInput;
    std::map<int, int> m_gradient;      ///< by micro-batch: of what lies above, where it stays on the device
    std::map<int, int> m_headGradient;  ///< by micro-batch: put aside, on the device or in RAM
};

}  // namespace gsst
