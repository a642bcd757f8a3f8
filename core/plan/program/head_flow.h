// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/program/activation_flow.h"
#include "plan/program/state_flow.h"

#include <map>

namespace gsst {

/// Computes the loss and begins the backward sweep: the head, whole or in vocabulary slices.
class HeadFlow {
public:
    HeadFlow(ProgramWriter& out, StateFlow& state, ActivationFlow& activations)
        : m_out(out), m_state(state), m_activations(activations) {}

    /// Up to its loss, or with its gradients and the update of what is complete then.
    void run(bool lossOnly);
    /// The embedding's gradient where a tied head has opened it, else a new one of zeros.
    int openEmbeddingGradient(int slice);

private:
    void wholeHead(bool lossOnly);
    void slicedHead(bool lossOnly);
    int firstPass(int norm, bool lossOnly);
    void secondPass(int norm, int lastRows);
    Op& addHead(OpKind kind, int slice, int microBatch);
    double shareOf(int slice) const;

    ProgramWriter& m_out;
    StateFlow& m_state;
    ActivationFlow& m_activations;
    std::map<int, int> m_sums;  ///< by micro-batch
    int m_tiedGradient = kNoBuffer;
};

}  // namespace gsst
