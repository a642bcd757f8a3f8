// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "optim/bf16_split.h"

#include <cmath>

namespace gsst {

/// Scalars of one AdamW step, computed in double, used in float. See adamwConstants().
struct AdamWConstants {
    float gradientScale = 1;   ///< clip factor
    float keep = 1;            ///< 1 - learning rate * weight decay, for tensors that decay
    float beta1 = 0.9f;
    float beta1Rest = 0.1f;    ///< 1 - beta1
    float beta2 = 0.999f;
    float beta2Rest = 0.001f;  ///< 1 - beta2
    float stepSize = 0;        ///< learning rate / (1 - beta1^t)
    float rootCorrection = 1;  ///< sqrt(1 - beta2^t)
    float epsilon = 1e-8f;
};

/// Decoupled weight decay (Loshchilov and Hutter, Decoupled Weight Decay Regularization) for one element, in the order of
/// operations of torch.optim.AdamW, each rounded to float: compile without contraction. Updates the moments and returns the new
/// weight. `keep` is 1 for tensors that do not decay. NaN and Inf go their way.
GSST_HD inline float adamwElement(float weight, float gradient, float& moment1, float& moment2, float keep, const AdamWConstants& c) {
    const float g = gradient * c.gradientScale;
    const float change = g - moment1;
    // torch.lerp, which starts from the nearer end.
    const float m = c.beta1Rest < 0.5f ? moment1 + c.beta1Rest * change : g - change * c.beta1;
    const float v = moment2 * c.beta2 + c.beta2Rest * g * g;
    moment1 = m;
    moment2 = v;
    const float denominator = std::sqrt(v) / c.rootCorrection + c.epsilon;
    return weight * keep - c.stepSize * m / denominator;
}

}  // namespace gsst
