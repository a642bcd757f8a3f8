// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/preset_choice.h"

#include <algorithm>
#include <cmath>

namespace gsst {
namespace {

constexpr double kBytesPerWordPiece = 3.6;
constexpr double kMostPasses = 10;
constexpr int64_t kFewestSteps = 100;
constexpr double kLongestSeconds = 3600;
constexpr double kParametersPerToken = 10;

}  // namespace

double estimatedTokens(const RunSpec& recipe, uint64_t textBytes) {
    const double bytesPerToken = recipe.data.tokenizer == TokenizerKind::Bytes ? 1.0 : kBytesPerWordPiece;
    return double(textBytes) / bytesPerToken * (1.0 - recipe.data.validationShare);
}

RunSpec adaptedToText(const RunSpec& preset, const TextSummary& text) {
    RunSpec spec = preset;
    if (spec.data.tokenizer == TokenizerKind::SentencePieceBpe && text.suggestedVocabulary > 0)
        spec.model.vocabulary = std::min(spec.model.vocabulary, text.suggestedVocabulary);
    const double tokens = estimatedTokens(spec, text.usableBytes);
    if (tokens > 0) {
        const double enough = std::ceil(kMostPasses * tokens / double(spec.training.tokensPerStep()));
        spec.training.steps = std::min(spec.training.steps, std::max(kFewestSteps, int64_t(std::min(enough, 1e12))));
        spec.training.warmupSteps = std::min(spec.training.warmupSteps, std::max<int64_t>(1, spec.training.steps / 10));
    }
    return spec;
}

int suggestedPreset(std::span<const RunSpec> presets, std::span<const std::optional<PlanPreview>> plans,
                    uint64_t textBytes) {
    int best = presets.empty() ? -1 : 0;
    for (size_t i = 0; i < presets.size(); ++i) {
        const auto& plan = plans[i];
        const bool enoughText =
            plan && double(plan->parameters) <= kParametersPerToken * estimatedTokens(presets[i], textBytes);
        if (plan && plan->fits && plan->totalSeconds <= kLongestSeconds && enoughText)
            best = int(i);
    }
    return best;
}

}  // namespace gsst
