// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/program/head_assembly.h"

#include <map>

namespace gsst {

/// The part of a program that computes: the sweeps over the slices.
class SweepAssembly : public HeadAssembly {
public:
    using HeadAssembly::HeadAssembly;

    void forwardSweep(bool lossOnly);
    void backwardSweep();

private:
    bool keeps(int slice) const;
    void embed(int slice, int microBatch, int weights);
    void forwardOf(int slice, int microBatch, int weights, bool lossOnly);
    void keepActivations(Op& forward);
    void passOn(int slice, int microBatch, bool lossOnly);
    void backwardOf(int slice, int weights, int gradient);

    /// What a forward pass left on the device.
    struct Kept {
        int activations = kNoBuffer;
        int input = kNoBuffer;
    };
    std::map<Key, Kept> m_kept;
};

}  // namespace gsst
