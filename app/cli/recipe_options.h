// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/commands.h"
#include "spec/recipe_overrides.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace gsst {

/// Adds the option of a field, as it was typed; `typed` outlives the command.
CLI::Option* addFieldOption(CLI::App& command, const RecipeField& field, std::optional<std::string>& typed);

/// --evaluate-sequences of a command that takes no other field, and its value; none = it was not given.
void addEvaluateSequences(CLI::App& command, std::optional<std::string>& typed);
Result<std::optional<int64_t>> evaluateSequencesOf(const std::optional<std::string>& typed);

/// Which text a run is for; what a recipe is chosen by where none was named.
struct TextOptions {
    std::vector<std::filesystem::path> files;
    bool sampleText = false;

    void addTo(CLI::App& command);
    bool given() const { return sampleText || !files.empty(); }
};

/// The options that several commands share: a recipe by preset or file, and one option for each field of a recipe.
/// It outlives the command.
struct RecipeOptions {
    std::string preset;
    std::filesystem::path specFile;
    std::optional<std::string> tokensPerStep;
    TypedFields fields;

    RecipeOptions() : fields(recipeFields().size()) {}
    void addTo(CLI::App& command, CommandContext& context);
    bool named() const { return !preset.empty() || !specFile.empty(); }

    /// The recipe with all overrides, not yet validated as a whole. Where neither a preset nor a file was named, the
    /// preset that suits `text`, which is told on stderr; InvalidInput without a text.
    Result<RunSpec> recipe(CommandContext& context, const TextOptions& text) const;

private:
    Status applyTokensPerStep(RunSpec& spec) const;
};

}  // namespace gsst
