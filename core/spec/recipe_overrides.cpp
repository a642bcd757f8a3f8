// SPDX-License-Identifier: GPL-3.0-or-later
#include "spec/recipe_overrides.h"

#include <algorithm>
#include <utility>

namespace gsst {

namespace {

/// "none" is no bound, whatever the norm.
Status applyClip(const RecipeField& field, const std::string& word, RunSpec& spec) {
    if (word == "none") {
        spec.training.clipNorm = 0;
        return {};
    }
    Status status = setFromText(field, word, spec);
    if (status.ok())
        return status;
    Error error = std::move(status).error();
    error.todo += ", or none for no clipping";
    return error;
}

void follow(const TypedFields& typed, const RunSpec& before, RunSpec& spec) {
    TrainSpec& training = spec.training;
    if (isNamed(typed, "model.heads") && !isNamed(typed, "model.kv_heads") &&
        before.model.kvHeads == before.model.heads)
        spec.model.kvHeads = spec.model.heads;
    if (isNamed(typed, "training.steps") && !isNamed(typed, "training.warmup_steps"))
        training.warmupSteps = std::min(training.warmupSteps, training.steps);
    if (isNamed(typed, "training.learning_rate") && !isNamed(typed, "training.min_learning_rate") &&
        before.training.learningRate > 0)
        training.minLearningRate =
            before.training.minLearningRate / before.training.learningRate * training.learningRate;
    if (isNamed(typed, "training.sequences_per_step") && !isNamed(typed, "training.micro_batch"))
        fitMicroBatch(training);
}

}  // namespace

bool isNamed(const TypedFields& typed, std::string_view path) {
    const RecipeField* field = findRecipeField(path);
    return field && typed[size_t(field - recipeFields().data())].has_value();
}

Status applyTyped(const TypedFields& typed, RunSpec& spec) {
    const RunSpec before = spec;
    for (size_t i = 0; i < typed.size(); ++i) {
        const RecipeField& field = recipeFields()[i];
        if (!typed[i])
            continue;
        if (field.path() == "training.clip")
            GSST_TRY(applyClip(field, *typed[i], spec));
        else
            GSST_TRY(setFromText(field, *typed[i], spec));
    }
    follow(typed, before, spec);
    return {};
}

TypedFields typedDifference(const RunSpec& base, const RunSpec& spec) {
    const auto fields = recipeFields();
    TypedFields typed(fields.size());
    // A field that follows another one is named as well where it is not to follow: the second round finds it.
    for (int round = 0; round < 2; ++round) {
        RunSpec made = base;
        if (!applyTyped(typed, made).ok())
            break;
        for (size_t i = 0; i < fields.size(); ++i)
            if (!sameField(fields[i], made, spec))
                typed[i] = textOf(fields[i], spec);
    }
    return typed;
}

void fitMicroBatch(TrainSpec& training) {
    training.microBatch = std::clamp<int64_t>(training.microBatch, 1, training.sequencesPerStep);
    while (training.sequencesPerStep % training.microBatch != 0)
        --training.microBatch;
}

}  // namespace gsst
