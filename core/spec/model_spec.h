// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/families.h"

#include <cstdint>
#include <string>

namespace gsst {

/// The shape of a model; everything the tensor table is derived from.
struct ModelSpec {
    Family family{};  ///< the first of the table
    int64_t layers = 4;
    int64_t width = 128;       ///< residual stream, d
    int64_t heads = 4;         ///< query heads
    int64_t kvHeads = 4;       ///< key/value heads; heads % kvHeads == 0; equals heads where they are fused
    int64_t ffnWidth = 512;    ///< inner width of the MLP
    int64_t vocabulary = 256;  ///< rows of the embedding
    int64_t context = 64;      ///< longest sequence, tokens
    bool tiedHead = true;      ///< the head reuses the token embedding
    double normEpsilon = 1e-5;
    double ropeTheta = 10000.0;  ///< of rotary positions
    int64_t ownHeadSize = 0;     ///< elements of a head, even; 0 = width / heads, which then is a whole number
    int64_t window = 0;          ///< newest tokens that attention sees, the one at hand included; 0 = all

    const Architecture& architecture() const { return infoOf(family).architecture; }
    int64_t headSize() const { return ownHeadSize > 0 ? ownHeadSize : width / heads; }
    int64_t queryWidth() const { return heads * headSize(); }  ///< elements of all queries of a token
    int64_t keyWidth() const { return kvHeads * headSize(); }  ///< elements of all keys of a token, or of all values
    bool operator==(const ModelSpec&) const = default;
};

}  // namespace gsst
