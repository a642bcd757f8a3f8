// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/training_service.h"

#include <cstdint>
#include <optional>
#include <span>

namespace gsst {

/// Tokens to train on that so many bytes of text give with the recipe's tokenizer: a careful guess before there is one.
double estimatedTokens(const RunSpec& recipe, uint64_t textBytes);

/// `preset` with the vocabulary and the number of steps that suit the text.
RunSpec adaptedToText(const RunSpec& preset, const TextSummary& text);

/// Index of the preset to suggest for so much text: the largest whose plan fits, ends within an hour and is not too
/// large for it (ten parameters a token); else the first. `plans` are those of `presets`, which come in order of size.
/// -1 without presets.
int suggestedPreset(std::span<const RunSpec> presets, std::span<const std::optional<PlanPreview>> plans,
                    uint64_t textBytes);

}  // namespace gsst
