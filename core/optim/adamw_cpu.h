// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "optim/adamw_math.h"
#include "spec/train_spec.h"

#include <cstdint>

namespace gsst {

/// Constants of the update of 1-based `step`.
AdamWConstants adamwConstants(const TrainSpec& training, int64_t step, float gradientScale);

/// Arrays of `count` elements of one tensor. At most one of the two weight outputs is wanted.
struct AdamWArrays {
    uint16_t* hi = nullptr;
    uint16_t* lo = nullptr;
    float* moment1 = nullptr;
    float* moment2 = nullptr;
    const float* gradient = nullptr;
    float* weightsFp32 = nullptr;     ///< out, may be null
    uint16_t* weightsBf16 = nullptr;  ///< out, may be null
    int64_t count = 0;
};

/// Updates state in place in one pass over memory. Element by element, so that the result depends neither on how a tensor is
/// split nor on the instruction set chosen at run time. Thread-safe for disjoint arrays.
void adamwUpdate(const AdamWArrays& arrays, bool decay, const AdamWConstants& constants);

/// fp32 weights from their halves.
void joinWeights(const uint16_t* hi, const uint16_t* lo, float* weights, int64_t count);

}  // namespace gsst
