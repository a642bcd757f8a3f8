// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/host_device.h"

#include <cstdint>

namespace gsst {

/// The fp16 (IEEE binary16) nearest to the fp32 value with these bits, ties to even, as torch rounds. Values from
/// 65,520 on become Inf, those below the smallest normal number 2^-14 multiples of 2^-24; NaN becomes a quiet NaN.
/// Integer arithmetic without branches: loops over it fill vectors, and the bits are the same on every device. C++17,
/// for the CUDA compiler.
GSST_HD constexpr uint16_t nearestHalf(uint32_t bits) {
    const uint32_t size = bits & 0x7fffffffu;
    const uint32_t normal = (size + 0xfffu + (size >> 13 & 1u) - 0x38000000u) >> 13;  // a carry goes into the exponent
    const uint32_t exponent = size >> 23;
    const uint32_t shift = exponent > 112u   ? 14u
                           : exponent > 101u ? 126u - exponent
                                             : 25u;  // bits of the mantissa that fall out
    const uint32_t mantissa = (size & 0x7fffffu) | 0x800000u;
    const uint32_t small = (mantissa + (1u << (shift - 1u)) - 1u + (mantissa >> shift & 1u)) >> shift;
    const uint32_t finite = size < 0x38800000u ? small : normal;
    const uint32_t large = size > 0x7f800000u ? 0x7e00u : 0x7c00u;
    return static_cast<uint16_t>((bits >> 16 & 0x8000u) | (size >= 0x47800000u ? large : finite));
}

}  // namespace gsst
