// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/train_spec.h"

#include <cstdint>

namespace gsst {

/// fp32 weights from their halves; without `lo` (null) the values of the bf16 `hi`.
void materializeWeights(const uint16_t* hi, const uint16_t* lo, float* weights, int64_t count);
/// Weights as they are computed with: with fp32 these; with bf16 a copy of `hi`; with fp16 these rounded to nearest,
/// ties to even.
void materializeWeights(Precision precision, const uint16_t* hi, const uint16_t* lo, void* weights, int64_t count);

}  // namespace gsst
