// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace gsst {

/// Norm of the residual stream: before each layer's attention and MLP, and before the head.
enum class NormKind {
    LayerNorm,  ///< mean and variance; with weight and bias
    RmsNorm     ///< root mean square; with weight
};

/// How a token knows where it stands.
enum class Positions {
    Learned,  ///< a table [context, d] that is added to the token embedding
    Rotary    ///< queries and keys are rotated by an angle that grows with the position
};

enum class MlpKind {
    Gelu,   ///< down(gelu(up(x))), GELU in its tanh form
    SwiGlu  ///< down(silu(gate(x)) * up(x))
};

/// Which matrices of attention and MLP have a bias.
enum class Biases { None, All };

enum class QkvLayout {
    Separate,  ///< three matrices; keys and values may have fewer heads than queries
    Fused      ///< one matrix with the rows of query, key and value one after the other, as many heads each
};

enum class QueryKeyNorm {
    None,
    PerHead  ///< RMSNorm over the elements of each head of queries and keys, before their rotation
};

enum class HeadSizing {
    WidthOverHeads,  ///< always width / heads
    Own              ///< may be given, whatever the width
};

/// What sets the families of decoder-only transformers apart, beyond the sizes in a ModelSpec. Tensor table, rules,
/// cost, mathematics, generation and probes ask for these traits; none asks for a family.
struct Architecture {
    NormKind norm{};
    Positions positions{};
    MlpKind mlp{};
    Biases biases{};
    QkvLayout qkv{};
    QueryKeyNorm queryKeyNorm{};
    HeadSizing headSize{};

    /// Whether the units of core/nn compute this combination. Biases have roles beside fused queries and a plain MLP
    /// only, and a norm per head wants heads without gaps, which the views of a fused product have.
    constexpr bool isComputed() const {
        const bool biasesFit = biases == Biases::None || (qkv == QkvLayout::Fused && mlp == MlpKind::Gelu);
        const bool normFits = queryKeyNorm == QueryKeyNorm::None || qkv == QkvLayout::Separate;
        return biasesFit && normFits;
    }
    constexpr bool operator==(const Architecture&) const = default;
};

}  // namespace gsst
