// SPDX-License-Identifier: GPL-3.0-or-later
#include "spec/recipe_fields.h"

#include "spec/member_count.h"
#include "spec/optimizer_spec.h"

#include <algorithm>
#include <type_traits>

namespace gsst {

namespace {

// Limits of single values: far above any use, low enough that all products stay within int64.
constexpr int64_t kMostLayers = 1024;
constexpr int64_t kMostWidth = 65'536;
constexpr int64_t kMostFfnWidth = 262'144;
constexpr int64_t kMostTokens = 1 << 20;  // of a vocabulary, a context, a batch
constexpr int64_t kMostSteps = 1'000'000'000;
constexpr double kMostBeta = 0.999999;  // anything nearer to 1 is 1 in the kernels' floats
constexpr size_t kMostTitleBytes = 200;
constexpr size_t kMostPromptBytes = 10'000;

template <auto Section, auto Field>
constexpr auto member() {
    using Value = std::remove_reference_t<decltype(std::declval<RunSpec&>().*Section.*Field)>;
    return Member<Value>{[](RunSpec& spec) -> Value& { return spec.*Section.*Field; },
                         [](const RunSpec& spec) -> const Value& { return spec.*Section.*Field; }};
}
template <auto Field>
constexpr auto ofModel() {
    return member<&RunSpec::model, Field>();
}
template <auto Field>
constexpr auto ofTraining() {
    return member<&RunSpec::training, Field>();
}
template <auto Field>
constexpr auto ofBudget() {
    return member<&RunSpec::budget, Field>();
}

template <auto Section, auto Field>
constexpr OneOf oneOf() {
    using Enum = std::remove_reference_t<decltype(std::declval<RunSpec&>().*Section.*Field)>;
    return {kChoices<Enum>, [](const RunSpec& spec) { return int(spec.*Section.*Field); },
            [](RunSpec& spec, int value) { spec.*Section.*Field = Enum(value); }};
}

/// Another optimizer brings its own learning rate and the like, unless those are named too; so its row comes first.
constexpr OneOf kOptimizerChoice{kChoices<OptimizerKind>,
                                 [](const RunSpec& spec) { return int(spec.training.optimizer); },
                                 [](RunSpec& spec, int value) {
                                     if (spec.training.optimizer != OptimizerKind(value))
                                         setOptimizer(spec.training, OptimizerKind(value));
                                 }};
template <double TrainSpec::* Value>
bool isLookedAt(const RunSpec& spec) {
    return optimizerSpec(spec.training.optimizer).looksAt(Value);
}

constexpr Member<std::string> kName{[](RunSpec& spec) -> std::string& { return spec.name; },
                                    [](const RunSpec& spec) -> const std::string& { return spec.name; }};
constexpr Member<std::string> kTitle{[](RunSpec& spec) -> std::string& { return spec.title; },
                                     [](const RunSpec& spec) -> const std::string& { return spec.title; }};

using enum FieldGroup;
using enum FieldUse;
using enum Presence;
using M = ModelSpec;
using T = TrainSpec;

constexpr RecipeField kFields[] = {
    {"", "name", "--name", Naming, Seldom, "Name", "Name of the recipe; the run's folder is called so",
     Text{kName, kMostTitleBytes}},
    {"", "title", "--title", Naming, Seldom, "Title", "One line about the run, for people",
     Text{kTitle, kMostTitleBytes}},

    {"model", "family", "--family", Model, Seldom, "Family", "Kind of transformer",
     oneOf<&RunSpec::model, &M::family>(), Required},
    {"model", "layers", "--layers", Model, Seldom, "Layers", "Layers: each one is attention and an MLP",
     WholeNumber{ofModel<&M::layers>(), 1, kMostLayers}, Required},
    {"model", "width", "--width", Model, Seldom, "Width", "Numbers that stand for a token between the layers",
     WholeNumber{ofModel<&M::width>(), 2, kMostWidth}, Required},
    {"model", "heads", "--heads", Model, Seldom, "Heads", "Heads of the attention",
     WholeNumber{ofModel<&M::heads>(), 1, kMostWidth}, Required},
    {"model", "kv_heads", "--kv-heads", Model, Seldom, "Key/value heads",
     "Heads of keys and values; fewer than --heads share them (not in gpt2)",
     WholeNumber{ofModel<&M::kvHeads>(), 1, kMostWidth}},
    {"model", "ffn_width", "--ffn-width", Model, Seldom, "MLP width", "Inner width of the MLP",
     WholeNumber{ofModel<&M::ffnWidth>(), 1, kMostFfnWidth}, Required},
    {"model", "vocabulary", "--vocabulary", Tokens, Everyday, "Vocabulary", "Different tokens that the model knows",
     WholeNumber{ofModel<&M::vocabulary>(), 2, kMostTokens}, Required},
    {"model", "context", "--context", Model, Seldom, "Context", "Tokens that the model can look back on, at most",
     WholeNumber{ofModel<&M::context>(), 1, kMostTokens}, Required},
    {"model", "tied_head", "--tied-head", Model, Seldom, "Tied head", "Whether the head uses the token embedding",
     YesOrNo{ofModel<&M::tiedHead>()}},
    {"model", "head_size", "--head-size", Model, Seldom, "Head size",
     "Numbers of a head; 0 = width over heads (always so in gpt2)",
     WholeNumber{ofModel<&M::ownHeadSize>(), 0, kMostWidth}},
    {"model", "window", "--window", Model, Seldom, "Window",
     "Newest tokens that attention sees, the one at hand included; 0 = all of the context",
     WholeNumber{ofModel<&M::window>(), 0, kMostTokens}},
    {"model", "norm_epsilon", "--norm-epsilon", Model, Seldom, "Norm epsilon", "Keeps norms from dividing by zero",
     Decimal{ofModel<&M::normEpsilon>(), 1e-12, 0.1}},
    {"model", "rope_theta", "--rope-theta", Model, Seldom, "Rotary base", "Base of the rotary positions (not in gpt2)",
     Decimal{ofModel<&M::ropeTheta>(), 1.0, 1e12}, Optional,
     [](const RunSpec& spec) { return spec.model.architecture().positions == Positions::Rotary; }},

    {"training", "steps", "--steps", Length, Everyday, "Steps", "Optimizer steps: how often the model is improved",
     WholeNumber{ofTraining<&T::steps>(), 1, kMostSteps}},
    {"training", "sequence_length", "--sequence-length", Length, Everyday, "Sequence length",
     "Tokens that are read in one go, at most the model's context",
     WholeNumber{ofTraining<&T::sequenceLength>(), 1, kMostTokens}},
    {"training", "sequences_per_step", "--sequences-per-step", Length, Seldom, "Sequences a step",
     "Sequences of one optimizer step; a multiple of the micro-batch",
     WholeNumber{ofTraining<&T::sequencesPerStep>(), 1, kMostTokens}},
    {"training", "micro_batch", "--micro-batch", Length, Everyday, "Micro-batch",
     "Sequences that are computed at a time", WholeNumber{ofTraining<&T::microBatch>(), 1, kMostTokens}},
    {"training", "head_token_chunk", "--head-token-chunk", Arithmetic, Seldom, "Tokens of the head at a time",
     "Tokens whose logits exist at a time; part of the order of sums",
     WholeNumber{ofTraining<&T::headTokenChunk>(), 1, kMostTokens}},
    {"training", "vocabulary_chunk", "--vocabulary-chunk", Arithmetic, Seldom, "Least vocabulary chunk",
     "Least rows of a part of the vocabulary; part of the order of sums",
     WholeNumber{ofTraining<&T::vocabularyChunk>(), 1, kMostTokens}},
    {"training", "precision", "--precision", Arithmetic, Everyday, "Precision of the arithmetic",
     "Numbers to compute with", oneOf<&RunSpec::training, &T::precision>()},
    {"training", "products", "--products", Arithmetic, Seldom, "Matrix products",
     "How bf16 matrices are multiplied: auto (the faster way here), native, or widened (through fp32)",
     oneOf<&RunSpec::training, &T::products>()},
    {"training", "state", "--state", Memory, Everyday, "State kept for a parameter",
     "What is kept for a parameter: exact (12 bytes), mixed (about 6) or lean (about 4)",
     oneOf<&RunSpec::training, &T::state>()},
    {"training", "optimizer", "--optimizer", Learning, Seldom, "Optimizer",
     "By which rule gradients change weights; another one comes with its own learning rate, betas and decay",
     kOptimizerChoice, UnlessFirst},
    {"training", "loss_scale", "--loss-scale", Arithmetic, Seldom, "Loss scale",
     "fp16: what the loss is multiplied by in the first step; a power of two",
     Decimal{ofTraining<&T::lossScale>(), 1.0, kMostLossScale}},
    {"training", "loss_scale_grow_steps", "--loss-scale-grow-steps", Arithmetic, Seldom, "Steps to double the scale",
     "fp16: steps without an overflow after which the loss scale is doubled",
     WholeNumber{ofTraining<&T::lossScaleGrowSteps>(), 1, kMostSteps}},
    {"training", "learning_rate", "--learning-rate", Learning, Everyday, "Learning rate",
     "How far a step moves the weights, after the warm-up", Decimal{ofTraining<&T::learningRate>(), 1e-12, 100.0}},
    {"training", "min_learning_rate", "--min-learning-rate", Learning, Everyday, "Last learning rate",
     "Learning rate of the last step (cosine)", Decimal{ofTraining<&T::minLearningRate>(), 0.0, 100.0}},
    {"training", "warmup_steps", "--warmup-steps", Learning, Everyday, "Warm-up",
     "Steps over which the learning rate grows from 0", WholeNumber{ofTraining<&T::warmupSteps>(), 0, kMostSteps}},
    {"training", "schedule", "--schedule", Learning, Seldom, "Schedule",
     "How the learning rate goes on after the warm-up", oneOf<&RunSpec::training, &T::schedule>()},
    {"training", "beta1", "--beta1", Learning, Seldom, "Beta 1", "How slowly the mean of gradients forgets",
     Decimal{ofTraining<&T::beta1>(), 0.0, kMostBeta}, Optional, isLookedAt<&T::beta1>},
    {"training", "beta2", "--beta2", Learning, Seldom, "Beta 2", "How slowly the mean of squared gradients forgets",
     Decimal{ofTraining<&T::beta2>(), 0.0, kMostBeta}, Optional, isLookedAt<&T::beta2>},
    {"training", "epsilon", "--epsilon", Learning, Seldom, "Epsilon", "Keeps updates from dividing by zero",
     Decimal{ofTraining<&T::epsilon>(), 1e-30, 1.0}, Optional, isLookedAt<&T::epsilon>},
    {"training", "weight_decay", "--weight-decay", Learning, Seldom, "Weight decay",
     "How fast matrices shrink towards 0", Decimal{ofTraining<&T::weightDecay>(), 0.0, 100.0}, Optional,
     isLookedAt<&T::weightDecay>},
    {"training", "clip_norm", "--clip-norm", Learning, Seldom, "Bound of the norm",
     "Norm that gradients are clipped to; 0 = no clipping", Decimal{ofTraining<&T::clipNorm>(), 0.0, 1e9}},
    {"training", "clip", "--clip", Learning, Seldom, "Clipping of gradients",
     "Which norm clips gradients: global, previous (of the step before), unit (each part by its own) or none",
     oneOf<&RunSpec::training, &T::clip>()},
    {"training", "seed", "--seed", Learning, Everyday, "Seed", "Seed of initial weights, data order and samples",
     AnyNumber{ofTraining<&T::seed>()}},
    {"training", "threads", "--threads", Arithmetic, Everyday, "Threads", "Compute threads; 0 = all cores",
     WholeNumber{ofTraining<&T::threads>(), 0, 1024}},
    {"training", "evaluate_every", "--evaluate-every", Reports, Everyday, "Evaluate every",
     "Steps between evaluations; 0 = only at the end", WholeNumber{ofTraining<&T::evaluateEvery>(), 0, kMostSteps}},
    {"training", "evaluate_sequences", "--evaluate-sequences", Reports, Seldom, "Sequences of an evaluation",
     "Sequences of the text kept aside that an evaluation takes at most; 0 = no evaluation",
     WholeNumber{ofTraining<&T::evaluateSequences>(), 0, kAllSequences}},
    {"training", "sample_every", "--sample-every", Reports, Everyday, "Sample every",
     "Steps between samples of what the model writes; 0 = never",
     WholeNumber{ofTraining<&T::sampleEvery>(), 0, kMostSteps}},
    {"training", "sample_tokens", "--sample-tokens", Reports, Seldom, "Tokens of a sample", "Length of a sample",
     WholeNumber{ofTraining<&T::sampleTokens>(), 1, 100'000}},
    {"training", "sample_prompt", "--sample-prompt", Reports, Everyday, "Sample prompt", "What samples begin with",
     Text{ofTraining<&T::samplePrompt>(), kMostPromptBytes}},
    {"training", "commit_every_seconds", "--commit-every-seconds", Memory, Seldom, "Commit every",
     "Seconds between commits with all state in RAM; with state on disk every step commits",
     WholeNumber{ofTraining<&T::commitEverySeconds>(), 0, 1'000'000}},
    {"training", "outlier_sigmas", "--outlier-sigmas", Learning, Seldom, "Outlier from",
     "Standard deviations above the usual from which a step is an outlier; 0 = none is",
     Decimal{ofTraining<&T::outlierSigmas>(), 0.0, 1e9}},
    {"training", "outlier_action", "--outlier-action", Learning, Seldom, "Outliers", "What becomes of an outlier",
     oneOf<&RunSpec::training, &T::outlierAction>()},

    {"data", "tokenizer", "--tokenizer", Tokens, Seldom, "Tokenizer", "How text becomes tokens",
     oneOf<&RunSpec::data, &DataSpec::tokenizer>()},
    {"data", "validation_share", "--validation-share", Tokens, Seldom, "Kept aside",
     "Part of the text that is kept aside for evaluation, from its end",
     Decimal{member<&RunSpec::data, &DataSpec::validationShare>(), 0.0, 0.5}},

    {"budget", "device_bytes", "--vram", Memory, Everyday, "Device memory",
     "Limit of working memory, which is the device's where there is a card, such as 4GiB; 0 = none",
     ByteCount{ofBudget<&Budget::deviceBytes>()}},
    {"budget", "ram_bytes", "--ram", Memory, Everyday, "RAM",
     "Limit of RAM besides working memory, such as 8GiB; "
     "0 = none",
     ByteCount{ofBudget<&Budget::ramBytes>()}},
    {"budget", "disk_bytes", "--disk", Memory, Everyday, "Disk", "Limit of the run's folder, such as 40GiB; 0 = none",
     ByteCount{ofBudget<&Budget::diskBytes>()}},
    {"budget", "residency", "--residency", Memory, Everyday, "Where the state lives",
     "Where the model's state lives during training", oneOf<&RunSpec::budget, &Budget::residency>()},
    {"budget", "update", "--update", Memory, Seldom, "When slices are updated",
     "When slices are updated; the result is the same", oneOf<&RunSpec::budget, &Budget::update>()},
    {"budget", "gradients", "--gradients", Memory, Seldom, "Where gradients wait",
     "Where gradients wait for the update: auto (RAM as far as it goes) or disk",
     oneOf<&RunSpec::budget, &Budget::gradients>()},
    {"budget", "activations", "--activations", Memory, Seldom, "Activations inside a slice",
     "Keep activations in working memory while it lasts (auto), or compute them again in the backward pass; the result "
     "is the same",
     oneOf<&RunSpec::budget, &Budget::activations>()},
};

constexpr size_t rowsOf(std::string_view section) {
    return size_t(std::count_if(std::begin(kFields), std::end(kFields),
                                [section](const RecipeField& field) { return field.section == section; }));
}
static_assert(rowsOf("model") == memberCount<ModelSpec>(), "every member of ModelSpec needs a row in kFields");
static_assert(rowsOf("training") == memberCount<TrainSpec>(), "every member of TrainSpec needs a row in kFields");
static_assert(rowsOf("data") == memberCount<DataSpec>(), "every member of DataSpec needs a row in kFields");
static_assert(rowsOf("budget") == memberCount<Budget>(), "every member of Budget needs a row in kFields");
// The recipe's own besides its four sections.
static_assert(rowsOf("") + 4 == memberCount<RunSpec>(), "every member of RunSpec needs a row in kFields");

}  // namespace

std::string RecipeField::path() const {
    return *section ? std::string(section) + "." + key : std::string(key);
}

std::span<const RecipeField> recipeFields() {
    return kFields;
}

const RecipeField* findRecipeField(std::string_view path) {
    const auto found = std::find_if(std::begin(kFields), std::end(kFields),
                                    [path](const RecipeField& field) { return field.path() == path; });
    return found == std::end(kFields) ? nullptr : found;
}

}  // namespace gsst
