// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/json_reader.h"
#include "spec/run_spec.h"

#include <array>

namespace gsst {

// Every key of a recipe, once: `Archive` is a JsonReader over mutable structs or a JsonWriter over constant ones.

inline constexpr std::array<Spelling<Family>, 2> kFamilyWords{{{Family::Gpt2, "gpt2"}, {Family::Llama, "llama"}}};
inline constexpr std::array<Spelling<Precision>, 3> kPrecisionWords{
    {{Precision::Fp32, "fp32"}, {Precision::Bf16, "bf16"}, {Precision::Fp16, "fp16"}}};
inline constexpr std::array<Spelling<ProductChoice>, 3> kProductWords{
    {{ProductChoice::Auto, "auto"}, {ProductChoice::Native, "native"}, {ProductChoice::Upcast, "widened"}}};
inline constexpr std::array<Spelling<StatePreset>, 3> kStateWords{
    {{StatePreset::Exact, "exact"}, {StatePreset::Mixed, "mixed"}, {StatePreset::Lean, "lean"}}};
inline constexpr std::array<Spelling<ScheduleKind>, 2> kScheduleWords{
    {{ScheduleKind::Constant, "constant"}, {ScheduleKind::Cosine, "cosine"}}};
inline constexpr std::array<Spelling<ResidencyChoice>, 3> kResidencyWords{
    {{ResidencyChoice::Auto, "auto"}, {ResidencyChoice::Disk, "disk"}, {ResidencyChoice::Resident, "resident"}}};
inline constexpr std::array<Spelling<UpdateChoice>, 4> kUpdateWords{{{UpdateChoice::Auto, "auto"},
                                                                     {UpdateChoice::Deferred, "deferred"},
                                                                     {UpdateChoice::Insured, "insured"},
                                                                     {UpdateChoice::Speculative, "speculative"}}};
inline constexpr std::array<Spelling<ActivationChoice>, 2> kActivationWords{
    {{ActivationChoice::Auto, "auto"}, {ActivationChoice::Recompute, "recompute"}}};
inline constexpr std::array<Spelling<GradientChoice>, 2> kGradientWords{
    {{GradientChoice::Auto, "auto"}, {GradientChoice::Disk, "disk"}}};
inline constexpr std::array<Spelling<ClipKind>, 3> kClipWords{
    {{ClipKind::Global, "global"}, {ClipKind::PreviousNorm, "previous"}, {ClipKind::PerUnit, "unit"}}};
inline constexpr std::array<Spelling<OutlierAction>, 2> kOutlierWords{
    {{OutlierAction::Report, "report"}, {OutlierAction::Skip, "skip"}}};
inline constexpr std::array<Spelling<TokenizerKind>, 2> kTokenizerWords{
    {{TokenizerKind::Bytes, "bytes"}, {TokenizerKind::SentencePieceBpe, "sentencepiece-bpe"}}};

template <typename Archive, typename Model>
void modelFields(Archive& archive, Model& model) {
    archive.field("family", model.family, std::span<const Spelling<Family>>(kFamilyWords), Presence::Required);
    archive.field("layers", model.layers, Presence::Required);
    archive.field("width", model.width, Presence::Required);
    archive.field("heads", model.heads, Presence::Required);
    archive.field("kv_heads", model.kvHeads);
    archive.field("ffn_width", model.ffnWidth, Presence::Required);
    archive.field("vocabulary", model.vocabulary, Presence::Required);
    archive.field("context", model.context, Presence::Required);
    archive.field("tied_head", model.tiedHead);
    archive.field("norm_epsilon", model.normEpsilon);
    archive.field("rope_theta", model.ropeTheta);
}

template <typename Archive, typename Training>
void trainingFields(Archive& archive, Training& training) {
    archive.field("steps", training.steps);
    archive.field("sequence_length", training.sequenceLength);
    archive.field("sequences_per_step", training.sequencesPerStep);
    archive.field("micro_batch", training.microBatch);
    archive.field("head_token_chunk", training.headTokenChunk);
    archive.field("vocabulary_chunk", training.vocabularyChunk);
    archive.field("precision", training.precision, std::span<const Spelling<Precision>>(kPrecisionWords));
    archive.field("products", training.products, std::span<const Spelling<ProductChoice>>(kProductWords));
    archive.field("state", training.state, std::span<const Spelling<StatePreset>>(kStateWords));
    archive.field("loss_scale", training.lossScale);
    archive.field("loss_scale_grow_steps", training.lossScaleGrowSteps);
    archive.field("learning_rate", training.learningRate);
    archive.field("min_learning_rate", training.minLearningRate);
    archive.field("warmup_steps", training.warmupSteps);
    archive.field("schedule", training.schedule, std::span<const Spelling<ScheduleKind>>(kScheduleWords));
    archive.field("beta1", training.beta1);
    archive.field("beta2", training.beta2);
    archive.field("epsilon", training.epsilon);
    archive.field("weight_decay", training.weightDecay);
    archive.field("clip_norm", training.clipNorm);
    archive.field("clip", training.clip, std::span<const Spelling<ClipKind>>(kClipWords));
    archive.field("seed", training.seed);
    archive.field("threads", training.threads);
    archive.field("evaluate_every", training.evaluateEvery);
    archive.field("evaluate_sequences", training.evaluateSequences);
    archive.field("sample_every", training.sampleEvery);
    archive.field("sample_tokens", training.sampleTokens);
    archive.field("sample_prompt", training.samplePrompt);
    archive.field("commit_every_seconds", training.commitEverySeconds);
    archive.field("outlier_sigmas", training.outlierSigmas);
    archive.field("outlier_action", training.outlierAction, std::span<const Spelling<OutlierAction>>(kOutlierWords));
}

template <typename Archive, typename Data>
void dataFields(Archive& archive, Data& data) {
    archive.field("tokenizer", data.tokenizer, std::span<const Spelling<TokenizerKind>>(kTokenizerWords));
    archive.field("validation_share", data.validationShare);
}

template <typename Archive, typename Limits>
void budgetFields(Archive& archive, Limits& budget) {
    archive.field("device_bytes", budget.deviceBytes);
    archive.field("ram_bytes", budget.ramBytes);
    archive.field("disk_bytes", budget.diskBytes);
    archive.field("residency", budget.residency, std::span<const Spelling<ResidencyChoice>>(kResidencyWords));
    archive.field("update", budget.update, std::span<const Spelling<UpdateChoice>>(kUpdateWords));
    archive.field("gradients", budget.gradients, std::span<const Spelling<GradientChoice>>(kGradientWords));
    archive.field("activations", budget.activations, std::span<const Spelling<ActivationChoice>>(kActivationWords));
}

}  // namespace gsst
