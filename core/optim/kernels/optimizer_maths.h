// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "optim/kernels/adamw_math.h"
#include "optim/kernels/lion_math.h"

#include <tuple>

namespace gsst {

// A Math is the arithmetic of an optimizer for one element. All loops over many elements are templates of it, for every
// instruction set and for CUDA cards. It has
//
//   kMoments    1: `moment1` alone, 2: `moment2` as well. Where there is one, Plain and Quantized leave the other
//   alone. Constants   the scalars of a step, plain data; `keep` is what weights that decay are multiplied by
//   Plain(constants, keep)           for elements with fp32 moments; `keep` is 1 for tensors that do not decay
//   Quantized(constants, keep, scale1, scale2)      for those with moments in 8 bits, see moment_code.h: it takes the
//   old
//               moments as ratios to their scales, and leaves the new ones as values
//   float operator()(weight, gradient, moment1, moment2)     of both: updates the moments, returns the new weight
//
// Every operation is rounded by itself: compile without contraction. Where a new moment is not finite, the new weight
// or the last moment (of two the second) is not finite either: only these are looked at. C++17, for the CUDA compiler.

template <typename... Maths>
struct MathList {
    template <template <typename> class Each>
    using TupleOf = std::tuple<Each<Maths>...>;
};

/// Of every optimizer, one row each.
using OptimizerMaths = MathList<AdamWMath, LionMath>;

}  // namespace gsst
