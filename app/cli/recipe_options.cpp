// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/recipe_options.h"

#include "base/units.h"

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <utility>

namespace gsst {
namespace {

Error badOption(const std::string& option, const std::string& why, const std::string& todo) {
    return {ErrorCode::InvalidInput, "An option cannot be used", option, why, todo};
}

Status applySize(const std::string& text, const char* option, int64_t& bytes) {
    if (text.empty())
        return {};
    auto parsed = parseBytes(text);
    if (!parsed.ok())
        return badOption(option, parsed.error().why.empty() ? parsed.error().what : parsed.error().why,
                         "Write for example 4GiB or 600MB");
    bytes = *parsed;
    return {};
}

/// "Use 1024 or 2048": the multiples of `unit` around `tokens`.
std::string multiplesAround(int64_t tokens, int64_t unit) {
    const int64_t below = tokens / unit * unit;
    if (below <= 0)
        return "Use " + std::to_string(unit) + " or a multiple of it";
    return "Use " + std::to_string(below) + " or " + std::to_string(below + unit);
}

Status refuseTokensPerStep(int64_t tokens, int64_t unit, const std::string& meaning) {
    return badOption("--tokens-per-step",
                     std::to_string(tokens) + " is not a multiple of " + std::to_string(unit) + ", " + meaning,
                     multiplesAround(tokens, unit));
}

/// A micro-batch that was named stays as it is; the recipe's becomes the largest not above it that divides the step.
Status applyTokensPerStep(int64_t tokens, bool microBatchNamed, TrainSpec& training) {
    constexpr int64_t kMost = int64_t{1} << 40;
    const int64_t length = training.sequenceLength;
    if (tokens < 1 || tokens > kMost)
        return badOption("--tokens-per-step", std::to_string(tokens) + " is out of range",
                         "Use a number from " + std::to_string(length) + " up");
    if (tokens % length != 0)
        return refuseTokensPerStep(tokens, length, "the sequence length");
    training.sequencesPerStep = tokens / length;
    if (microBatchNamed) {
        const int64_t unit = length * training.microBatch;
        return tokens % unit == 0 ? Status()
                                  : refuseTokensPerStep(tokens, unit, "the sequence length times the micro-batch");
    }
    training.microBatch = std::clamp<int64_t>(training.microBatch, 1, training.sequencesPerStep);
    while (training.sequencesPerStep % training.microBatch != 0)
        --training.microBatch;
    return {};
}

Status applyMicroBatch(int64_t microBatch, TrainSpec& training) {
    constexpr int64_t kMost = int64_t{1} << 20;
    if (microBatch < 1 || microBatch > kMost)
        return badOption("--micro-batch", std::to_string(microBatch) + " is out of range",
                         "Use a number of sequences from 1 to " + std::to_string(kMost));
    training.microBatch = microBatch;
    return {};
}

/// Sets `value` to the choice that `word` names; an empty word leaves it.
template <typename Choice>
Status applyWord(const std::string& word, const char* option,
                 std::initializer_list<std::pair<const char*, Choice>> choices, Choice& value) {
    if (word.empty())
        return {};
    std::string known;
    for (const auto& [name, choice] : choices) {
        if (word == name) {
            value = choice;
            return {};
        }
        known += known.empty() ? name : std::string(name == std::prev(choices.end())->first ? " or " : ", ") + name;
    }
    return badOption(option, "\"" + word + "\" is not known", "Use " + known);
}

/// "none" is no bound, whatever the kind.
Status applyClip(const std::string& word, TrainSpec& training) {
    if (word == "none") {
        training.clipNorm = 0;
        return {};
    }
    return applyWord(word, "--clip",
                     {{"global", ClipKind::Global},
                      {"previous", ClipKind::PreviousNorm},
                      {"unit", ClipKind::PerUnit},
                      {"none", ClipKind::Global}},
                     training.clip);
}

}  // namespace

void addEvaluateSequences(CLI::App& command, std::optional<int64_t>& sequences) {
    command.add_option("--evaluate-sequences", sequences,
                       "Sequences of the text kept aside that an evaluation takes at most; 0 = no evaluation");
}

Status checkEvaluateSequences(const std::optional<int64_t>& sequences) {
    if (!sequences || (*sequences >= 0 && *sequences <= kAllSequences))
        return {};
    return badOption("--evaluate-sequences", std::to_string(*sequences) + " is out of range",
                     "Use a number from 0 (no evaluation) to " + std::to_string(kAllSequences) + " (all there are)");
}

void RecipeOptions::addTo(CLI::App& command) {
    auto* byPreset = command.add_option("--preset", preset,
                                        "Recipe by name, e.g. sample, shakespeare-bytes, gpt2-124m (see presets/)");
    command.add_option("--spec", specFile, "Recipe from a JSON file")->excludes(byPreset);
    command.add_option("--vram", vram, "Limit of device memory, e.g. 4GiB; enforced");
    command.add_option("--ram", ram, "Limit of main memory for the run, e.g. 8GiB");
    command.add_option("--disk", disk, "Limit of disk space for the run, e.g. 80GB");
    command.add_option("--residency", residency,
                       "Where the model's state lives during training: auto, disk or resident");
    command.add_option("--update", update,
                       "When slices are updated: auto, deferred, insured or speculative; the result is the same");
    command.add_option("--gradients", gradients,
                       "Where gradients wait for the update: auto (RAM as far as it goes) or disk");
    command.add_option(
        "--activations", activations,
        "Inside the slices: auto (kept while there is device memory) or recompute; the result is the same");
    command.add_option(
        "--clip", clip,
        "Which norm clips gradients: global, previous (of the step before), unit (each part by its own) or none");
    command.add_option("--precision", precision, "Compute in fp32, bf16 or fp16");
    command.add_option(
        "--products", products,
        "How bf16 matrices are multiplied: auto (the faster way here), native or widened (through fp32)");
    command.add_option("--state", state,
                       "What is kept for a parameter: exact (12 bytes), mixed (about 6) or lean (about 4)");
    command.add_option("--steps", steps, "Optimizer steps: how often the model is improved");
    command.add_option("--sequence-length", sequenceLength,
                       "Tokens that are read in one go, at most the model's context");
    command.add_option("--tokens-per-step", tokensPerStep,
                       "Tokens of one optimizer step; a multiple of sequence length times micro-batch");
    command.add_option("--micro-batch", microBatch, "Sequences that are computed at a time");
    command.add_option("--vocabulary", vocabulary, "Rows of the model's vocabulary");
    command.add_option("--threads", threads, "Compute threads (default: all cores)");
    addEvaluateSequences(command, evaluateSequences);
    command.add_option("--seed", seed, "Seed of initial weights, data order and samples");
}

Result<RunSpec> RecipeOptions::recipe(const std::filesystem::path& presetsFolder) const {
    RunSpec spec;
    if (!specFile.empty()) {
        GSST_ASSIGN(spec, loadRunSpec(specFile));
    } else {
        if (preset.empty())
            return badOption("--preset", "neither --preset nor --spec was given",
                             "For a first try: --preset sample --sample-text");
        GSST_ASSIGN(spec, loadPreset(presetsFolder, preset));
    }
    GSST_TRY(applySize(vram, "--vram", spec.budget.deviceBytes));
    GSST_TRY(applySize(ram, "--ram", spec.budget.ramBytes));
    GSST_TRY(applySize(disk, "--disk", spec.budget.diskBytes));
    TrainSpec& training = spec.training;
    GSST_TRY(applyWord(precision, "--precision",
                       {{"fp32", Precision::Fp32}, {"bf16", Precision::Bf16}, {"fp16", Precision::Fp16}},
                       training.precision));
    GSST_TRY(applyWord(
        products, "--products",
        {{"auto", ProductChoice::Auto}, {"native", ProductChoice::Native}, {"widened", ProductChoice::Upcast}},
        training.products));
    GSST_TRY(applyWord(state, "--state",
                       {{"exact", StatePreset::Exact}, {"mixed", StatePreset::Mixed}, {"lean", StatePreset::Lean}},
                       training.state));
    GSST_TRY(applyWord(
        residency, "--residency",
        {{"auto", ResidencyChoice::Auto}, {"disk", ResidencyChoice::Disk}, {"resident", ResidencyChoice::Resident}},
        spec.budget.residency));
    GSST_TRY(applyWord(update, "--update",
                       {{"auto", UpdateChoice::Auto},
                        {"deferred", UpdateChoice::Deferred},
                        {"insured", UpdateChoice::Insured},
                        {"speculative", UpdateChoice::Speculative}},
                       spec.budget.update));
    GSST_TRY(applyWord(gradients, "--gradients", {{"auto", GradientChoice::Auto}, {"disk", GradientChoice::Disk}},
                       spec.budget.gradients));
    GSST_TRY(applyWord(activations, "--activations",
                       {{"auto", ActivationChoice::Auto}, {"recompute", ActivationChoice::Recompute}},
                       spec.budget.activations));
    GSST_TRY(applyClip(clip, training));
    training.sequenceLength = sequenceLength.value_or(training.sequenceLength);
    if (training.sequenceLength < 1 || training.sequenceLength > spec.model.context)
        return badOption("--sequence-length", std::to_string(training.sequenceLength) + " is out of range",
                         "Use a number from 1 to " + std::to_string(spec.model.context) + ", the model's context");
    if (microBatch)
        GSST_TRY(applyMicroBatch(*microBatch, training));
    if (tokensPerStep)
        GSST_TRY(applyTokensPerStep(*tokensPerStep, microBatch.has_value(), training));
    if (steps) {
        training.steps = *steps;
        training.warmupSteps = std::clamp<int64_t>(training.warmupSteps, 0, std::max<int64_t>(0, *steps));
    }
    spec.model.vocabulary = vocabulary.value_or(spec.model.vocabulary);
    training.threads = threads.value_or(training.threads);
    GSST_TRY(checkEvaluateSequences(evaluateSequences));
    training.evaluateSequences = evaluateSequences.value_or(training.evaluateSequences);
    training.seed = seed.value_or(training.seed);
    return spec;
}

}  // namespace gsst
