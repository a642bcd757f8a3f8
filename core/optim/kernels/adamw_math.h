// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "optim/kernels/bf16_split.h"

#include <cmath>

namespace gsst {

/// Scalars of one AdamW step, computed in double, used in float. See adamwConstants().
struct AdamWConstants {
    float gradientScale = 1;  ///< clip factor
    float keep = 1;           ///< 1 - learning rate * weight decay, for tensors that decay
    float beta1 = 0.9f;
    float beta1Rest = 0.1f;  ///< 1 - beta1
    float beta2 = 0.999f;
    float beta2Rest = 0.001f;  ///< 1 - beta2
    float stepSize = 0;        ///< learning rate / (1 - beta1^t)
    float rootCorrection = 1;  ///< sqrt(1 - beta2^t)
    float epsilon = 1e-8f;

    // The same with what can be multiplied before, for AdamWQuantized.
    float gradientRest1 = 0.1f;           ///< gradientScale * (1 - beta1)
    float gradientRest2 = 0.0316227766f;  ///< gradientScale * sqrt(1 - beta2)
    float rootFactor = 1;                 ///< 1 / sqrt(1 - beta2^t)
};

/// Decoupled weight decay (Loshchilov and Hutter, Decoupled Weight Decay Regularization) for one element, in the order
/// of operations of torch.optim.AdamW, each rounded to float: compile without contraction. Updates the moments and
/// returns the new weight. `keep` is 1 for tensors that do not decay. NaN and Inf go their way.
GSST_HD inline float adamwElement(float weight, float gradient, float& moment1, float& moment2, float keep,
                                  const AdamWConstants& c) {
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

/// adamwElement() for the elements of a tensor.
struct AdamWPlain {
    AdamWConstants constants;
    float keep = 1;  ///< 1 for tensors that do not decay

    GSST_HD AdamWPlain(const AdamWConstants& c, float kept) : constants(c), keep(kept) {}
    GSST_HD float operator()(float weight, float gradient, float& moment1, float& moment2) const {
        return adamwElement(weight, gradient, moment1, moment2, keep, constants);
    }
};

/// The same step for elements whose moments are kept in 8 bits (moment_code.h), with as few operations as it can be:
/// the exact update waits for memory, this one moves half the bytes and waits for the arithmetic. There is no torch to
/// be equal to, and the roundings of the moments are larger by far.
struct AdamWQuantized {
    float keep, keep1, keep2, rest1, rest2, stepSize, rootFactor, epsilon;

    /// `scale1`, `scale2`: of the old moments.
    GSST_HD AdamWQuantized(const AdamWConstants& c, float kept, float scale1, float scale2)
        : keep(kept), keep1(c.beta1 * scale1), keep2(c.beta2 * scale2), rest1(c.gradientRest1), rest2(c.gradientRest2),
          stepSize(c.stepSize), rootFactor(c.rootFactor), epsilon(c.epsilon) {}

    /// Takes the old moments as ratios to their scales; the new ones are values.
    GSST_HD float operator()(float weight, float gradient, float& moment1, float& moment2) const {
        const float root = gradient * rest2;
        moment1 = moment1 * keep1 + gradient * rest1;
        moment2 = moment2 * keep2 + root * root;
        const float denominator = std::sqrt(moment2) * rootFactor + epsilon;
        return weight * keep - stepSize * moment1 / denominator;
    }
};

/// See optimizer_maths.h.
struct AdamWMath {
    static constexpr int kMoments = 2;
    using Constants = AdamWConstants;
    using Plain = AdamWPlain;
    using Quantized = AdamWQuantized;
};

}  // namespace gsst
