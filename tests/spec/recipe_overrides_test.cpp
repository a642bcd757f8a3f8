// SPDX-License-Identifier: GPL-3.0-or-later
#include "spec/recipe_overrides.h"

#include <gtest/gtest.h>

namespace gsst {
namespace {

/// `path` and what was typed for it.
using Named = std::vector<std::pair<const char*, const char*>>;

RunSpec applied(const RunSpec& base, const Named& named) {
    TypedFields typed(recipeFields().size());
    for (const auto& [path, text] : named)
        typed[size_t(findRecipeField(path) - recipeFields().data())] = text;
    RunSpec spec = base;
    const Status status = applyTyped(typed, spec);
    EXPECT_TRUE(status.ok()) << status.error().text();
    return spec;
}

TEST(RecipeOverrides, WhatIsInProportionFollows) {
    RunSpec base;
    base.training.microBatch = 8;
    base.training.sequencesPerStep = 16;
    EXPECT_EQ(applied(base, {{"model.heads", "8"}}).model.kvHeads, 8);
    EXPECT_EQ(applied(base, {{"training.steps", "20"}}).training.warmupSteps, 20);
    EXPECT_DOUBLE_EQ(applied(base, {{"training.learning_rate", "0.01"}}).training.minLearningRate, 0.001);
    EXPECT_EQ(applied(base, {{"training.sequences_per_step", "12"}}).training.microBatch, 6);
    EXPECT_EQ(applied(base, {{"training.clip", "none"}}).training.clipNorm, 0);
}

TEST(RecipeOverrides, WhatIsNamedStays) {
    RunSpec base;
    base.model.kvHeads = 2;
    EXPECT_EQ(applied(base, {{"model.heads", "8"}}).model.kvHeads, 2) << "it was no copy of heads";
    EXPECT_EQ(applied(base, {{"model.heads", "8"}, {"model.kv_heads", "4"}}).model.kvHeads, 4);
    EXPECT_EQ(applied(base, {{"training.steps", "20"}, {"training.warmup_steps", "5"}}).training.warmupSteps, 5);
    const Named rates{{"training.learning_rate", "0.01"}, {"training.min_learning_rate", "0.0001"}};
    EXPECT_EQ(applied(base, rates).training.minLearningRate, 0.0001);
}

TEST(RecipeOverrides, ADifferenceMakesTheOtherRecipe) {
    const RunSpec base;
    RunSpec other;
    other.title = "it's another";
    other.model.heads = 8;  // and not as many key/value heads
    other.training.learningRate = 0.3;
    other.training.samplePrompt = "one\ntwo";
    other.training.sequencesPerStep = 24;
    other.training.clip = ClipKind::PerUnit;
    other.training.clipNorm = 0;
    other.budget.ramBytes = 3'000'000'001;
    const TypedFields typed = typedDifference(base, other);
    RunSpec made = base;
    ASSERT_TRUE(applyTyped(typed, made).ok());
    EXPECT_TRUE(made == other);
    EXPECT_TRUE(isNamed(typed, "model.kv_heads")) << "else they would follow";
    EXPECT_TRUE(isNamed(typed, "training.min_learning_rate"));
    EXPECT_FALSE(isNamed(typed, "training.steps"));
    EXPECT_FALSE(isNamed(typed, "no.such"));
}

TEST(RecipeOverrides, NothingIsNamedWhereNothingDiffers) {
    for (const auto& each : typedDifference({}, {}))
        EXPECT_FALSE(each);
}

TEST(RecipeOverrides, ARefusalNamesTheFlag) {
    TypedFields typed(recipeFields().size());
    typed[size_t(findRecipeField("training.clip") - recipeFields().data())] = "maybe";
    RunSpec spec;
    const Status status = applyTyped(typed, spec);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().where, "--clip");
    EXPECT_EQ(status.error().todo, "Use global, previous or unit, or none for no clipping");
}

}  // namespace
}  // namespace gsst
