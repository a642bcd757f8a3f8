// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/run_spec.h"

#include <array>
#include <cstddef>
#include <span>

namespace gsst {

/// A value of an enum: how files and the command line spell it, how people call it, and what it costs or changes.
struct Choice {
    int value = 0;  ///< of the enum
    const char* word = "";
    const char* name = "";
    const char* meaning = "";  ///< one or two whole sentences
};

/// All choices of an enum of recipes, in the order in which they are offered. The only place where they are spelt, but
/// for the families, which have a table of their own.
template <typename Enum>
inline constexpr std::span<const Choice> kChoices;

/// "bf16" for Precision::Bf16.
template <typename Enum>
constexpr const char* wordOf(Enum value) {
    for (const Choice& choice : kChoices<Enum>)
        if (choice.value == int(value))
            return choice.word;
    return "";
}

inline constexpr auto kFamilyChoices = [] {
    std::array<Choice, kFamilies.size()> choices;
    for (size_t i = 0; i < choices.size(); ++i)
        choices[i] = {int(kFamilies[i].family), kFamilies[i].word, kFamilies[i].name, kFamilies[i].meaning};
    return choices;
}();
inline constexpr Choice kPrecisions[] = {
    {int(Precision::Fp32), "fp32", "FP32", "4 bytes a weight and activation while computing. The most exact."},
    {int(Precision::Bf16), "bf16", "BF16",
     "2 bytes a weight and activation while computing, 8 significant bits; fast where the processor supports it."},
    {int(Precision::Fp16), "fp16", "FP16",
     "2 bytes a weight and activation while computing, 11 significant bits; the loss is scaled to fit."},
};
inline constexpr Choice kProducts[] = {
    {int(ProductChoice::Auto), "auto", "Automatic", "The faster way of this computer."},
    {int(ProductChoice::Native), "native", "Native", "In BF16, by the library."},
    {int(ProductChoice::Upcast), "widened", "Through FP32", "Factors are multiplied and added up in FP32."},
};
inline constexpr Choice kStates[] = {
    {int(StatePreset::Exact), "exact", "Exact",
     "12 bytes a parameter and slot: 32-bit weights and moments. Results equal ordinary training."},
    {int(StatePreset::Mixed), "mixed", "Mixed",
     "About 6 bytes a parameter and slot: 32-bit weights, 8-bit moments, gradients rounded to 16 bits."},
    {int(StatePreset::Lean), "lean", "Lean",
     "About 4 bytes a parameter and slot: 16-bit weights rounded at random, 8-bit moments. Least memory, least exact."},
};
inline constexpr Choice kOptimizerChoices[] = {
    {int(OptimizerKind::AdamW), "adamw", "AdamW",
     "Steps scaled by the size of past gradients: two moments a parameter. The usual choice."},
    {int(OptimizerKind::Lion), "lion", "Lion",
     "Steps of one size, by the sign of past gradients: one moment a parameter, so a third less state in exact. Wants "
     "a lower learning rate and more weight decay."},
};
inline constexpr Choice kSchedules[] = {
    {int(ScheduleKind::Constant), "constant", "Constant", "Stays as it is after the warm-up."},
    {int(ScheduleKind::Cosine), "cosine", "Cosine", "Falls along a cosine after the warm-up."},
};
inline constexpr Choice kClips[] = {
    {int(ClipKind::Global), "global", "By the whole gradient",
     "As ordinary training does it: one norm over all parameters, known after the whole backward sweep."},
    {int(ClipKind::PreviousNorm), "previous", "By the step before",
     "The norm of 1 step earlier: updates need not wait. Changes the result slightly."},
    {int(ClipKind::PerUnit), "unit", "Each part by its own",
     "One norm for each unit of the model: updates need not wait. Changes the result."},
};
inline constexpr Choice kOutlierActions[] = {
    {int(OutlierAction::Report), "report", "Report", "The step counts like any other; the log tells of it."},
    {int(OutlierAction::Skip), "skip", "Skip", "The step is dropped."},
};
inline constexpr Choice kTokenizers[] = {
    {int(TokenizerKind::Bytes), "bytes", "Bytes", "Each byte is a token."},
    {int(TokenizerKind::SentencePieceBpe), "sentencepiece-bpe", "Pieces of words",
     "Byte-pair encoding, trained on the text."},
};
inline constexpr Choice kResidencies[] = {
    {int(ResidencyChoice::Auto), "auto", "Automatic",
     "In RAM if all of it fits the limit, else streamed from the disk. The result is the same."},
    {int(ResidencyChoice::Disk), "disk", "On the disk",
     "Least RAM: every step reads and writes the state, and every step commits."},
    {int(ResidencyChoice::Resident), "resident", "In RAM",
     "No streaming: needs the whole state, 4 to 12 bytes a parameter, within the RAM limit."},
};
inline constexpr Choice kUpdates[] = {
    {int(UpdateChoice::Auto), "auto", "Automatic", "The fastest by the plan. The result is the same with each."},
    {int(UpdateChoice::Deferred), "deferred", "Deferred",
     "In the next step's forward sweep: gradients wait, 2 or 4 bytes a parameter."},
    {int(UpdateChoice::Insured), "insured", "Insured",
     "In the backward sweep, with the gradients kept in case the step is clipped: 2 or 4 bytes a parameter."},
    {int(UpdateChoice::Speculative), "speculative", "Speculative",
     "In the backward sweep, nothing waits; a step that is clipped is computed once more."},
};
inline constexpr Choice kGradients[] = {
    {int(GradientChoice::Auto), "auto", "Automatic",
     "In RAM as far as the limit goes, 2 or 4 bytes a parameter; the rest on the disk."},
    {int(GradientChoice::Disk), "disk", "On the disk",
     "Least RAM: 2 or 4 bytes a parameter more are written and read in each step."},
};
inline constexpr Choice kActivations[] = {
    {int(ActivationChoice::Auto), "auto", "Automatic",
     "Kept as far as device memory goes, which saves a quarter of the arithmetic. The result is the same."},
    {int(ActivationChoice::Recompute), "recompute", "Compute again",
     "Least device memory, for up to a third more arithmetic. The result is the same."},
};

template <>
inline constexpr std::span<const Choice> kChoices<Family>{kFamilyChoices};
template <>
inline constexpr std::span<const Choice> kChoices<Precision>{kPrecisions};
template <>
inline constexpr std::span<const Choice> kChoices<ProductChoice>{kProducts};
template <>
inline constexpr std::span<const Choice> kChoices<StatePreset>{kStates};
template <>
inline constexpr std::span<const Choice> kChoices<OptimizerKind>{kOptimizerChoices};
template <>
inline constexpr std::span<const Choice> kChoices<ScheduleKind>{kSchedules};
template <>
inline constexpr std::span<const Choice> kChoices<ClipKind>{kClips};
template <>
inline constexpr std::span<const Choice> kChoices<OutlierAction>{kOutlierActions};
template <>
inline constexpr std::span<const Choice> kChoices<TokenizerKind>{kTokenizers};
template <>
inline constexpr std::span<const Choice> kChoices<ResidencyChoice>{kResidencies};
template <>
inline constexpr std::span<const Choice> kChoices<UpdateChoice>{kUpdates};
template <>
inline constexpr std::span<const Choice> kChoices<GradientChoice>{kGradients};
template <>
inline constexpr std::span<const Choice> kChoices<ActivationChoice>{kActivations};

}  // namespace gsst
