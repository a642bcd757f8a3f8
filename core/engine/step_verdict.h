// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>

namespace gsst {

/// A figure of a step beside those of the steps before it.
struct Deviation {
    double value = 0;
    double usual = 0;  ///< median of the recent steps; 0 together with `sigma` if there were too few
    double sigma = 0;  ///< their standard deviation, estimated so that single outliers do not count
    double sigmas() const { return sigma > 0 ? (value - usual) / sigma : 0; }
};

/// What is wrong with a step.
enum class StepFault {
    None,
    NotFinite,  ///< loss or gradient are NaN or Inf
    Overflow,  ///< the loss is finite and the gradient is not, which a smaller loss scale may cure: the scale is halved
    TooLarge,  ///< the gradient is so large that the update could overflow
    Outlier    ///< loss or gradient norm lie far above those of the recent steps
};
const char* nameOf(StepFault fault);  ///< "none", "not finite", "overflow", "too large", "outlier"

enum class StepEffect { Applied, Skipped };

/// Given before the step takes effect, by its loss and gradient and by what commit records keep of the steps before it;
/// so a resumed run gives the same.
struct StepVerdict {
    StepFault fault = StepFault::None;
    StepEffect effect = StepEffect::Applied;
    Deviation loss;  ///< nats a token
    Deviation norm;  ///< of the whole gradient, before clipping
};

/// For an update whose gradient was good and whose result is NaN or Inf. Nothing of it may be committed.
Error updateNotFinite(int64_t step, const std::string& where);

}  // namespace gsst
