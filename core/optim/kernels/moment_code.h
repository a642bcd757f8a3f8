// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "optim/kernels/bf16_split.h"

#include <cstdint>

namespace gsst {

// Moments of the optimizer in 8 bits: a code for each element, and an fp32 scale for each group of 256 elements, the
// largest absolute value of the group. After Dettmers, Lewis, Shleifer and Zettlemoyer, "8-bit Optimizers via
// Block-wise Quantization" (ICLR 2022): a dynamic tree code, in which the position of a code's highest bit s is a
// decimal exponent and the bits below it are a linear fraction, so that values near the scale are fine and small ones
// are still told from zero. Signed for the first moment (sign and 7 bits, down to 1e-6 of the scale), unsigned for the
// second (8 bits, down to 1e-7).
//
// Unlike in the paper the fractions include the powers of ten themselves: code 2^(s+1) - 1 is 10^(s-S), with S the
// highest s, and codes lie evenly between these. So the largest value of a group is exact, and code to value is one
// convex line of straight pieces, the maximum of the pieces' lines; value to nearest code is the minimum of the inverse
// lines. No tables, no branches, the same few operations for every instruction set and device; one that can look the
// piece up quicker gets the same. Compile without contraction.

/// The straight piece of codes 2^s - 1 ... 2^(s+1) - 1 of a tree of `kBits` bits.
template <int kBits, int s>
struct CodePiece {
    static constexpr double powerOfTen() {
        double power = 1;
        for (int i = s; i < kBits - 1; ++i)
            power /= 10;
        return power;
    }
    static constexpr float kEnd = float(powerOfTen());
    /// The piece of code 1 begins at zero, every other at a tenth of its end, or less by so little that in spite of all
    /// rounding it is not above the end of the piece before: each code has its value from the line of its own highest
    /// bit, to the bit.
    static constexpr float kStep = s == 0 ? kEnd : float(0.9 * powerOfTen() / double(1 << s) * (1 + 0x1p-23));
    /// The last code times the step, plus this, is kEnd to the bit.
    static constexpr float kStart = kEnd - kStep * float((2 << s) - 1);
    static constexpr float kSlope = s == 0 ? float(1 / powerOfTen()) : float(double(1 << s) / (0.9 * powerOfTen()));
    /// With the half that makes truncation rounding.
    static constexpr float kBias = 0.5f + (float((2 << s) - 1) - kSlope * kEnd);
};

/// Value of a code from 0 to 2^kBits - 1, from 0 to 1.
template <int kBits, int s = kBits - 1>
GSST_HD constexpr float valueOfCode(float code) {
    const float value = code * CodePiece<kBits, s>::kStep + CodePiece<kBits, s>::kStart;
    if constexpr (s == 0) {
        return value;
    } else {
        const float rest = valueOfCode<kBits, s - 1>(code);
        return value > rest ? value : rest;
    }
}

/// Code whose value is nearest to `value` (from 0 to 1), with its rounding still to be cut off.
template <int kBits, int s = kBits - 1>
GSST_HD constexpr float nearestCode(float value) {
    const float code = value * CodePiece<kBits, s>::kSlope + CodePiece<kBits, s>::kBias;
    if constexpr (s == 0) {
        return code;
    } else {
        const float rest = nearestCode<kBits, s - 1>(value);
        return code < rest ? code : rest;
    }
}

/// Scales are no smaller than this, so that their inverse is finite and no code but 0 decodes to zero or a denormal
/// number.
inline constexpr float kLeastMomentScale = 0x1p-100f;

/// Scale of a group whose largest absolute value is `largest`. NaN if that is not finite: then all codes are 0 and
/// every element of the group decodes to NaN, so that it is noticed.
GSST_HD constexpr float momentScale(float largest) {
    if (!(largest <= 3.402823466e38f))
        return __builtin_nanf("");
    return largest > kLeastMomentScale ? largest : kLeastMomentScale;
}

/// Ratio of a moment to its scale.
GSST_HD constexpr float ratioOfCode1(uint8_t code) {
    const float size = valueOfCode<7>(float(code & 0x7f));
    return (code & 0x80) != 0 ? -size : size;
}

GSST_HD constexpr float ratioOfCode2(uint8_t code) {
    return valueOfCode<8>(float(code));
}

/// `inverseScale` is 1 / momentScale(), which is finite; |value| is at most the scale.
GSST_HD constexpr uint8_t encodeMoment1(float value, float inverseScale) {
    const float ratio = value * inverseScale;
    const int code = int(nearestCode<7>(ratio < 0 ? -ratio : ratio));
    return uint8_t(__builtin_signbit(value) ? code | 0x80 : code);
}

/// As encodeMoment1(), but only zero becomes 0. The update divides by the root of the second moment: rounded down to
/// zero while the first moment is not, it would let the weight jump by first moment / epsilon. Rounded up, it makes the
/// step smaller. Only values below half the smallest step are concerned; all others are rounded to the nearest code,
/// since rounding up always would let the moment creep upwards step by step.
GSST_HD constexpr uint8_t encodeMoment2(float value, float inverseScale) {
    const int code = int(nearestCode<8>(value * inverseScale));
    const int least = value > 0 ? 1 : 0;
    return uint8_t(code > least ? code : least);
}

}  // namespace gsst
