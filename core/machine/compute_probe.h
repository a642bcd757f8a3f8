// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "plan/simulation.h"
#include "spec/model_spec.h"
#include "spec/train_spec.h"

namespace gsst {

/// Times forward, backward, head and update of a model of one or few layers, with the code and the number of threads
/// that training uses: a fraction of a second for small models, about two for large ones, memory for one large layer.
/// Works on a thread of its own, so that LibTorch's settings on the caller's stay. Thread-safe; what else the computer
/// does meanwhile slows it down.
Result<ComputeRates> probeCompute(const ModelSpec& model, const TrainSpec& training);

}  // namespace gsst
