// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>

namespace gsst {

/// The two supported families of decoder-only transformers.
enum class Family {
    Gpt2,  ///< LayerNorm, learned positions, GELU (tanh form), biases, fused qkv
    Llama  ///< RMSNorm, rotary positions, SwiGLU, grouped-query attention, no biases
};

/// The shape of a model; everything the tensor table is derived from.
struct ModelSpec {
    Family family = Family::Gpt2;
    int64_t layers = 4;
    int64_t width = 128;       ///< residual stream, d
    int64_t heads = 4;         ///< query heads; width % heads == 0, head size even
    int64_t kvHeads = 4;       ///< key/value heads; heads % kvHeads == 0; equals heads for Gpt2
    int64_t ffnWidth = 512;    ///< inner width of the MLP
    int64_t vocabulary = 256;  ///< rows of the embedding
    int64_t context = 64;      ///< longest sequence, tokens
    bool tiedHead = true;      ///< the head reuses the token embedding
    double normEpsilon = 1e-5;
    double ropeTheta = 10000.0;  ///< Llama only

    int64_t headSize() const { return width / heads; }
    bool operator==(const ModelSpec&) const = default;
};

}  // namespace gsst
