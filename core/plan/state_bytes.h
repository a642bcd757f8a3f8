// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace gsst {

// Bytes per parameter of state preset `exact`, see core/store/FORMAT.md.
inline constexpr int64_t kHiBytes = 2;
inline constexpr int64_t kLoBytes = 2;
inline constexpr int64_t kMomentBytes = 8;  ///< m, v
inline constexpr int64_t kStateBytes = 12;    ///< hi, lo, m, v
inline constexpr int64_t kGradientBytes = 4;  ///< fp32

}  // namespace gsst
