// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cstdint>

namespace gsst {

/// Scores that LibTorch's fused CPU attention works on at a time, a block of them for each thread. Copied from
/// aten/src/ATen/native/cpu/FlashAttentionKernel.cpp; attention_tile_test fails when LibTorch changes them.
struct AttentionTile {
    int64_t queries = 0;
    int64_t keys = 0;

    constexpr int64_t elements() const { return queries * keys; }
};

/// For sequences of `length` tokens.
constexpr AttentionTile attentionTile(int64_t length) {
    const int64_t queries = length >= 768 ? 256 : length >= 192 ? 64 : 32;
    return {std::min(queries, length), std::min<int64_t>(512, length)};
}

}  // namespace gsst
