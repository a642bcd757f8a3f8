// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "optim/kernels/quantized_loops.h"

namespace gsst::loops {

// A FullGroups (quantized_loops.h) of AdamW for each instruction set that has a quicker way. The loops that a compiler
// vectorises are bound by arithmetic, of which most is the eight straight pieces of each code in each direction. Here
// the piece is looked up in a register, and a group is encoded while the next one waits for its square roots and
// divisions.

/// For processors with AVX2.
int64_t updateFullGroupsAvx2(const UpdateArrays& arrays, float keep, const AdamWConstants& constants);

/// For processors with AVX-512 F, BW, CD, DQ and VL.
int64_t updateFullGroupsAvx512(const UpdateArrays& arrays, float keep, const AdamWConstants& constants);

// By Math: null where the compiler's loops are all there is.

template <typename Math>
inline constexpr FullGroups<Math> kFullGroupsBaseline = nullptr;
template <typename Math>
inline constexpr FullGroups<Math> kFullGroupsAvx2 = nullptr;
template <>
inline constexpr FullGroups<AdamWMath> kFullGroupsAvx2<AdamWMath> = updateFullGroupsAvx2;
template <typename Math>
inline constexpr FullGroups<Math> kFullGroupsAvx512 = nullptr;
template <>
inline constexpr FullGroups<AdamWMath> kFullGroupsAvx512<AdamWMath> = updateFullGroupsAvx512;

}  // namespace gsst::loops
