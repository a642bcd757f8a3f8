// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/program/activation_flow.h"
#include "plan/program/head_flow.h"
#include "plan/program/program_writer.h"
#include "plan/program/state_flow.h"

#include <map>

namespace gsst {

/// One program in the making: the sweeps over the slices, and what they are made of.
class Sweeps {
public:
    Sweeps(const ProgramInputs& inputs, const ProgramVariant& variant, int microBatches)
        : m_out(inputs, variant, microBatches), m_state(m_out), m_activations(m_out),
          m_head(m_out, m_state, m_activations) {}
    Sweeps(const Sweeps&) = delete;
    Sweeps& operator=(const Sweeps&) = delete;

    /// With the head's loss; unless it is all that is wanted, with the head's gradients, which begin the way back.
    void forwardSweep(bool lossOnly);
    /// The rest of the way, after forwardSweep().
    void backwardSweep();
    /// What goes over the slices without computing them.
    StateFlow& state() { return m_state; }
    StepProgram finish() { return m_out.finish(); }

private:
    using Key = ActivationFlow::Key;
    bool keeps(int slice) const;
    int embed(int slice, int microBatch, int weights);
    int forwardOf(int slice, int microBatch, int weights, bool lossOnly);
    void keepActivations(Op& forward);
    void passOn(int slice, int microBatch, int output, bool lossOnly);
    void backwardOf(int slice, int weights, int gradient);

    /// What a forward pass left on the device.
    struct Kept {
        int activations = kNoBuffer;
        int input = kNoBuffer;
    };

    ProgramWriter m_out;
    StateFlow m_state;
    ActivationFlow m_activations;
    HeadFlow m_head;
    std::map<Key, Kept> m_kept;
};

}  // namespace gsst
