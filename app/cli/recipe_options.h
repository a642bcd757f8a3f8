// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "spec/run_spec.h"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace gsst {

/// --evaluate-sequences, wherever it is an option, and whether its value can be used.
void addEvaluateSequences(CLI::App& command, std::optional<int64_t>& sequences);
Status checkEvaluateSequences(const std::optional<int64_t>& sequences);

/// The options that several commands share: a recipe by preset or file, and what overrides its values.
struct RecipeOptions {
    std::string preset;
    std::filesystem::path specFile;
    std::string vram;
    std::string ram;
    std::string disk;
    std::string update;
    std::string gradients;
    std::string activations;
    std::string clip;
    std::string precision;
    std::string products;
    std::string state;
    std::string residency;
    std::optional<int64_t> steps;
    std::optional<int64_t> sequenceLength;
    std::optional<int64_t> tokensPerStep;
    std::optional<int64_t> microBatch;
    std::optional<int64_t> vocabulary;
    std::optional<int64_t> threads;
    std::optional<int64_t> evaluateSequences;
    std::optional<uint64_t> seed;

    void addTo(CLI::App& command);
    /// The recipe with all overrides, not yet validated as a whole.
    Result<RunSpec> recipe(const std::filesystem::path& presetsFolder) const;
};

}  // namespace gsst
