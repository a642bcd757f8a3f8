// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/program/activation_assembly.h"

#include <map>

namespace gsst {

/// The part of a program that computes the loss and begins the backward sweep: the head, whole or in vocabulary slices.
class HeadAssembly : public ActivationAssembly {
public:
    using ActivationAssembly::ActivationAssembly;

protected:
    void head(bool lossOnly);
    /// The embedding's gradient where a tied head has opened it, else a new one of zeros.
    int openEmbeddingGradient(int slice);

private:
    void wholeHead(bool lossOnly);
    void slicedHead(bool lossOnly);
    int firstPass(int norm, bool lossOnly);
    void secondPass(int norm, int lastRows);
    Op& addHead(OpKind kind, int slice, int microBatch);
    double shareOf(int slice) const;

    std::map<int, int> m_sums;  ///< by micro-batch
    int m_tiedGradient = kNoBuffer;
};

}  // namespace gsst
