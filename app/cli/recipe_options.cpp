// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/recipe_options.h"

#include "base/units.h"

#include <algorithm>

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
        return badOption(option, parsed.error().why.empty() ? parsed.error().what : parsed.error().why, "Write for example 4GiB or 600MB");
    bytes = *parsed;
    return {};
}

/// Largest micro-batch not above the recipe's that divides the sequences of a step.
Status applyTokensPerStep(int64_t tokens, TrainSpec& training) {
    const int64_t length = training.sequenceLength;
    if (tokens < length || tokens % length != 0) {
        const int64_t near = std::max<int64_t>(1, (tokens + length / 2) / length) * length;
        return badOption("--tokens-per-step", std::to_string(tokens) + " is not a multiple of the sequence length " + std::to_string(length),
                         "The nearest that would do is " + std::to_string(near));
    }
    training.sequencesPerStep = tokens / length;
    training.microBatch = std::min(training.microBatch, training.sequencesPerStep);
    while (training.sequencesPerStep % training.microBatch != 0)
        --training.microBatch;
    return {};
}

}  // namespace

void RecipeOptions::addTo(CLI::App& command) {
    auto* byPreset = command.add_option("--preset", preset, "Recipe by name, e.g. sample, shakespeare-bytes, gpt2-124m (see presets/)");
    command.add_option("--spec", specFile, "Recipe from a JSON file")->excludes(byPreset);
    command.add_option("--vram", vram, "Limit of device memory, e.g. 4GiB; enforced");
    command.add_option("--ram", ram, "Limit of main memory for the run, e.g. 8GiB");
    command.add_option("--disk", disk, "Limit of disk space for the run, e.g. 80GB");
    command.add_option("--residency", residency, "Where the model's state lives during training: auto, disk or resident");
    command.add_option("--precision", precision, "Compute in fp32 or bf16");
    command.add_option("--steps", steps, "Optimizer steps");
    command.add_option("--tokens-per-step", tokensPerStep, "Tokens of one optimizer step; a multiple of the sequence length");
    command.add_option("--micro-batch", microBatch, "Sequences that are computed at a time");
    command.add_option("--vocabulary", vocabulary, "Rows of the model's vocabulary");
    command.add_option("--threads", threads, "Compute threads (default: all cores)");
    command.add_option("--seed", seed, "Seed of initial weights, data order and samples");
}

Result<RunSpec> RecipeOptions::recipe(const std::filesystem::path& presetsFolder) const {
    RunSpec spec;
    if (!specFile.empty()) {
        GSST_ASSIGN(spec, loadRunSpec(specFile));
    } else {
        if (preset.empty())
            return badOption("--preset", "neither --preset nor --spec was given", "For a first try: --preset sample --sample-text");
        GSST_ASSIGN(spec, loadPreset(presetsFolder, preset));
    }
    GSST_TRY(applySize(vram, "--vram", spec.budget.deviceBytes));
    GSST_TRY(applySize(ram, "--ram", spec.budget.ramBytes));
    GSST_TRY(applySize(disk, "--disk", spec.budget.diskBytes));
    TrainSpec& training = spec.training;
    if (precision == "fp32" || precision == "bf16")
        training.precision = precision == "fp32" ? Precision::Fp32 : Precision::Bf16;
    else if (!precision.empty())
        return badOption("--precision", "\"" + precision + "\" is not known", "Use fp32 or bf16");
    if (residency == "disk" || residency == "resident" || residency == "auto")
        spec.budget.residency = residency == "disk"       ? ResidencyChoice::Disk
                                : residency == "resident" ? ResidencyChoice::Resident
                                                          : ResidencyChoice::Auto;
    else if (!residency.empty())
        return badOption("--residency", "\"" + residency + "\" is not known", "Use auto, disk or resident");
    if (microBatch)
        training.microBatch = *microBatch;
    if (tokensPerStep)
        GSST_TRY(applyTokensPerStep(*tokensPerStep, training));
    if (steps) {
        training.steps = *steps;
        training.warmupSteps = std::clamp<int64_t>(training.warmupSteps, 0, std::max<int64_t>(0, *steps));
    }
    spec.model.vocabulary = vocabulary.value_or(spec.model.vocabulary);
    training.threads = threads.value_or(training.threads);
    training.seed = seed.value_or(training.seed);
    return spec;
}

}  // namespace gsst
