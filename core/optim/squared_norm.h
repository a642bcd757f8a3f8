// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>

namespace gsst {

/// Sum of squares of one canonical block in double, over 16 lanes (element i goes to lane i % 16) that are added in
/// order: the same bits on every machine and for every chunking. Zeros at the end change nothing.
double squaredNorm(const float* values, int64_t count);

/// Square root of the sum of the blocks' squared norms, added in the order of the blocks. NaN and Inf show through.
double totalNorm(std::span<const double> squaredNorms);

/// Factor that torch.nn.utils.clip_grad_norm_ would apply, in the float arithmetic of torch: maxNorm / (norm + 1e-6),
/// at most 1. maxNorm 0: 1. NaN for a NaN.
float clipFactor(double norm, double maxNorm);

}  // namespace gsst
