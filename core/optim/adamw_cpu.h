// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "optim/kernels/cpu_kernels.h"
#include "spec/train_spec.h"

#include <cstdint>

namespace gsst {

/// Constants of the update of 1-based `step`, with the schedule's learning rate. `gradientScale`: clip factor over loss
/// scale.
AdamWConstants adamwConstants(const TrainSpec& training, int64_t step, float gradientScale);

/// Updates state in place in one pass over memory, on the calling thread. Element by element, so that the result
/// depends neither on how a tensor is split (with coded moments or without `lo`: at multiples of 256 elements) nor on
/// the instruction set chosen at run time. Thread-safe for disjoint arrays. Returns whether all new weights and moments
/// are finite; they are written either way.
bool adamwUpdate(const AdamWArrays& arrays, bool decay, const AdamWConstants& constants);

/// fp32 weights from their halves; without `lo` (null) the values of the bf16 `hi`.
void materializeWeights(const uint16_t* hi, const uint16_t* lo, float* weights, int64_t count);
/// Weights as they are computed with: with fp32 these; with bf16 a copy of `hi`; with fp16 these rounded to nearest,
/// ties to even.
void materializeWeights(Precision precision, const uint16_t* hi, const uint16_t* lo, void* weights, int64_t count);

}  // namespace gsst
