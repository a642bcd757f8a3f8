// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/architecture.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace gsst {

/// The families of decoder-only transformers that can be trained. A family is a name for one row of the table below;
/// code outside this header asks for the row's traits instead (a house test checks that).
enum class Family { Gpt2, Llama, Qwen3 };

/// A family: how recipes spell it, how people call it, what its models are made of, and what a recipe gets that leaves
/// a key out.
struct FamilyInfo {
    Family family{};
    const char* word = "";
    const char* name = "";
    const char* meaning = "";  ///< one whole sentence
    Architecture architecture;
    int64_t headSize = 0;        ///< model.head_size; 0 = width / heads
    double normEpsilon = 1e-5;   ///< model.norm_epsilon
    double ropeTheta = 10000.0;  ///< model.rope_theta
};

inline constexpr std::array<FamilyInfo, 3> kFamilies{{
    {.family = Family::Gpt2,
     .word = "gpt2",
     .name = "GPT-2",
     .meaning = "LayerNorm, learned positions, GELU and biases.",
     .architecture = {NormKind::LayerNorm, Positions::Learned, MlpKind::Gelu, Biases::All, QkvLayout::Fused,
                      QueryKeyNorm::None, HeadSizing::WidthOverHeads}},
    {.family = Family::Llama,
     .word = "llama",
     .name = "Llama",
     .meaning = "RMSNorm, rotary positions, SwiGLU and grouped-query attention.",
     .architecture = {NormKind::RmsNorm, Positions::Rotary, MlpKind::SwiGlu, Biases::None, QkvLayout::Separate,
                      QueryKeyNorm::None, HeadSizing::Own}},
    {.family = Family::Qwen3,
     .word = "qwen3",
     .name = "Qwen3",
     .meaning = "As Llama, with a norm of each head's queries and keys and heads of their own size.",
     .architecture = {NormKind::RmsNorm, Positions::Rotary, MlpKind::SwiGlu, Biases::None, QkvLayout::Separate,
                      QueryKeyNorm::PerHead, HeadSizing::Own},
     .headSize = 128,
     .normEpsilon = 1e-6,
     .ropeTheta = 1e6},
}};

static_assert(std::all_of(kFamilies.begin(), kFamilies.end(),
                          [](const FamilyInfo& info) { return info.architecture.isComputed(); }),
              "a family asks for a combination of traits that no unit computes");

/// The row of `family`, which must be one of the enum's values.
constexpr const FamilyInfo& infoOf(Family family) {
    return *std::find_if(kFamilies.begin(), kFamilies.end(),
                         [family](const FamilyInfo& info) { return info.family == family; });
}

}  // namespace gsst
