// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/host_device.h"

namespace gsst {

/// Scalars of one Lion step, computed in double, used in float. See lionConstants().
struct LionConstants {
    float gradientScale = 1;  ///< clip factor
    float keep = 1;           ///< 1 - learning rate * weight decay, for tensors that decay
    float beta1 = 0.9f;       ///< of the blend whose sign is the update
    float beta1Rest = 0.1f;   ///< 1 - beta1
    float beta2 = 0.99f;      ///< of the moment
    float beta2Rest = 0.01f;  ///< 1 - beta2
    float stepSize = 0;       ///< learning rate

    // The same with what can be multiplied before, for LionQuantized.
    float gradientRest1 = 0.1f;   ///< gradientScale * (1 - beta1)
    float gradientRest2 = 0.01f;  ///< gradientScale * (1 - beta2)
};

/// The change of a weight: as large as the step, with the sign of `blend`; nothing for zero, and NaN for NaN.
GSST_HD inline float lionChange(float blend, float stepSize) {
    return blend > 0 ? stepSize : blend < 0 ? -stepSize : blend;
}

/// Lion for one element with an fp32 moment (Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023,
/// algorithm 2): decoupled weight decay, and the sign of a blend of moment and gradient. Each operation is rounded to
/// float.
struct LionPlain {
    LionConstants constants;
    float keep;

    GSST_HD LionPlain(const LionConstants& c, float kept) : constants(c), keep(kept) {}
    GSST_HD float operator()(float weight, float gradient, float& moment1, float&) const {
        const float g = gradient * constants.gradientScale;
        const float blend = moment1 * constants.beta1 + g * constants.beta1Rest;
        moment1 = moment1 * constants.beta2 + g * constants.beta2Rest;
        return weight * keep - lionChange(blend, constants.stepSize);
    }
};

/// The same for an element whose moment is kept in 8 bits.
struct LionQuantized {
    float keep, keep1, keep2, rest1, rest2, stepSize;

    GSST_HD LionQuantized(const LionConstants& c, float kept, float scale1, float)
        : keep(kept), keep1(c.beta1 * scale1), keep2(c.beta2 * scale1), rest1(c.gradientRest1), rest2(c.gradientRest2),
          stepSize(c.stepSize) {}
    GSST_HD float operator()(float weight, float gradient, float& moment1, float&) const {
        const float blend = moment1 * keep1 + gradient * rest1;
        moment1 = moment1 * keep2 + gradient * rest2;
        return weight * keep - lionChange(blend, stepSize);
    }
};

/// See optimizer_maths.h.
struct LionMath {
    static constexpr int kMoments = 1;
    using Constants = LionConstants;
    using Plain = LionPlain;
    using Quantized = LionQuantized;
};

}  // namespace gsst
