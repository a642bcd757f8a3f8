// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/recipe_options.h"

#include "app/cli/choose_preset.h"
#include "app/cli/help_page.h"
#include "spec/text_formats.h"

#include <charconv>

namespace gsst {
namespace {

Error badOption(const std::string& option, const std::string& why, const std::string& todo) {
    return {ErrorCode::InvalidInput, "An option cannot be used", option, why, todo};
}

const char* titleOf(FieldGroup group) {
    switch (group) {
    case FieldGroup::Length:
        return "Length and batches";
    case FieldGroup::Learning:
        return "Learning";
    case FieldGroup::Memory:
        return "Memory and drive";
    case FieldGroup::Arithmetic:
        return "Arithmetic";
    case FieldGroup::Reports:
        return "Evaluation and samples";
    case FieldGroup::Model:
        return "Shape of the model";
    case FieldGroup::Tokens:
        return "Tokens";
    case FieldGroup::Naming:
        return "Name";
    }
    return "";
}

struct ValueName {
    std::string operator()(const WholeNumber&) const { return "N"; }
    std::string operator()(const ByteCount&) const { return "SIZE"; }
    std::string operator()(const AnyNumber&) const { return "N"; }
    std::string operator()(const Decimal&) const { return "X"; }
    std::string operator()(const YesOrNo&) const { return "true|false"; }
    std::string operator()(const Text&) const { return "TEXT"; }
    std::string operator()(const OneOf& kind) const {
        std::string words;
        for (const Choice& choice : kind.choices)
            words += (words.empty() ? "" : "|") + std::string(choice.word);
        return words;
    }
};

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

Result<int64_t> tokensOf(const std::string& text, int64_t sequenceLength) {
    constexpr int64_t kMost = int64_t{1} << 40;
    int64_t tokens = 0;
    const char* end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, tokens);
    const std::string todo = "Use a number from " + std::to_string(sequenceLength) + " up";
    if (error != std::errc() || at != end)
        return badOption("--tokens-per-step", "\"" + text + "\" is not a whole number", todo);
    if (tokens < 1 || tokens > kMost)
        return badOption("--tokens-per-step", text + " is out of range", todo);
    return tokens;
}

}  // namespace

CLI::Option* addFieldOption(CLI::App& command, const RecipeField& field, std::optional<std::string>& typed) {
    return command.add_option(field.flag, typed, field.help)
        ->type_name(std::visit(ValueName{}, field.kind))
        ->group(helpGroup(titleOf(field.group), field.use));
}

void addEvaluateSequences(CLI::App& command, std::optional<std::string>& typed) {
    addFieldOption(command, *findRecipeField("training.evaluate_sequences"), typed)->group("Options");
}

Result<std::optional<int64_t>> evaluateSequencesOf(const std::optional<std::string>& typed) {
    if (!typed)
        return std::optional<int64_t>();
    RunSpec spec;
    GSST_TRY(setFromText(*findRecipeField("training.evaluate_sequences"), *typed, spec));
    return std::optional(spec.training.evaluateSequences);
}

void TextOptions::addTo(CLI::App& command) {
    command
        .add_option("--text", files,
                    "Text files (" + textExtensions("and") + ") and folders; may be given several times")
        ->type_name("PATH")
        ->group(kRunGroup);
    command.add_flag("--sample-text", sampleText, "Train on generated English stories instead")->group(kRunGroup);
}

void RecipeOptions::addTo(CLI::App& command, CommandContext& context) {
    command
        .add_option("--preset", preset,
                    "Recipe to start from, see 'gsst presets' (default: the one that suits the text)")
        ->type_name("NAME")
        ->group(kRunGroup);
    command.add_option("--spec", specFile, "Recipe from a JSON file instead of a preset")
        ->type_name("FILE")
        ->group(kRunGroup);
    for (size_t i = 0; i < fields.size(); ++i)
        addFieldOption(command, recipeFields()[i], fields[i]);
    command
        .add_option("--tokens-per-step", tokensPerStep,
                    "Tokens of one optimizer step; a multiple of sequence length times micro-batch")
        ->type_name("N")
        ->group(titleOf(FieldGroup::Length));
    context.beforeHelp[&command] = [this, &command, &context] {
        const Result<RunSpec> shown = !specFile.empty()
                                          ? loadRunSpec(specFile)
                                          : loadPreset(context.presetsFolder, preset.empty() ? kFirstPreset : preset);
        if (!shown.ok())
            return std::string();
        for (const RecipeField& field : recipeFields())
            command.get_option(field.flag)->default_str(textOf(field, *shown));
        command.get_option("--tokens-per-step")->default_str(std::to_string(shown->training.tokensPerStep()));
        return "Values in brackets are those of the recipe " + shown->name +
               (named() ? "." : "; name another one with --preset to see its own.");
    };
}

Result<RunSpec> RecipeOptions::recipe(CommandContext& context, const TextOptions& text) const {
    RunSpec spec;
    if (!specFile.empty()) {
        GSST_ASSIGN(spec, loadRunSpec(specFile));
    } else if (!preset.empty()) {
        GSST_ASSIGN(spec, loadPreset(context.presetsFolder, preset));
    } else if (text.sampleText) {
        GSST_ASSIGN(spec, loadPreset(context.presetsFolder, kFirstPreset));
    } else if (text.given()) {
        GSST_ASSIGN(spec, choosePreset(context.service, text.files));
    } else {
        return badOption("--preset", "neither --preset nor --spec was given, nor a text to choose one by",
                         "For a first try: --preset sample; 'gsst presets' lists them all");
    }
    GSST_TRY(applyTyped(fields, spec));
    GSST_TRY(applyTokensPerStep(spec));
    return spec;
}

Status RecipeOptions::applyTokensPerStep(RunSpec& spec) const {
    TrainSpec& training = spec.training;
    if (training.sequenceLength > spec.model.context)
        return badOption("--sequence-length", std::to_string(training.sequenceLength) + " is out of range",
                         "Use a number from 1 to " + std::to_string(spec.model.context) + ", the model's context");
    if (!tokensPerStep)
        return {};
    if (isNamed(fields, "training.sequences_per_step"))
        return badOption("--tokens-per-step", "--sequences-per-step says the same", "Give one of them");
    GSST_ASSIGN(const int64_t tokens, tokensOf(*tokensPerStep, training.sequenceLength));
    if (tokens % training.sequenceLength != 0)
        return refuseTokensPerStep(tokens, training.sequenceLength, "the sequence length");
    training.sequencesPerStep = tokens / training.sequenceLength;
    if (!isNamed(fields, "training.micro_batch")) {
        fitMicroBatch(training);
        return {};
    }
    const int64_t unit = training.sequenceLength * training.microBatch;
    return tokens % unit == 0 ? Status()
                              : refuseTokensPerStep(tokens, unit, "the sequence length times the micro-batch");
}

}  // namespace gsst
