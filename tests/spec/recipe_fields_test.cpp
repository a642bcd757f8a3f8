// SPDX-License-Identifier: GPL-3.0-or-later
#include "spec/member_count.h"
#include "spec/recipe_fields.h"

#include <gtest/gtest.h>

#include <cctype>
#include <set>

namespace gsst {
namespace {

struct ThreeMembers {
    int64_t number = 0;
    std::string text;
    ClipKind clip{};
};
static_assert(memberCount<ThreeMembers>() == 3);

/// Another value than the one it has.
void change(const RecipeField& field, RunSpec& spec) {
    if (const auto* choice = std::get_if<OneOf>(&field.kind)) {
        const bool first = choice->read(spec) == choice->choices.front().value;
        return choice->choose(spec, choice->choices[first ? 1 : 0].value);
    }
    if (const auto* number = std::get_if<WholeNumber>(&field.kind))
        number->member.change(spec) = number->member.read(spec) == number->least ? number->most : number->least;
    else if (const auto* decimal = std::get_if<Decimal>(&field.kind))
        decimal->member.change(spec) = decimal->member.read(spec) == decimal->least ? decimal->most : decimal->least;
    else if (const auto* bytes = std::get_if<ByteCount>(&field.kind))
        bytes->member.change(spec) += 12'345'678;
    else if (const auto* any = std::get_if<AnyNumber>(&field.kind))
        any->member.change(spec) += 1;
    else if (const auto* yes = std::get_if<YesOrNo>(&field.kind))
        yes->member.change(spec) = !yes->member.read(spec);
    else if (const auto* text = std::get_if<Text>(&field.kind))
        text->member.change(spec) += "more";
}

TEST(RecipeFields, EachRowHasItsOwnMember) {
    for (const RecipeField& field : recipeFields()) {
        RunSpec spec;
        change(field, spec);
        EXPECT_FALSE(spec == RunSpec()) << field.path();
        for (const RecipeField& other : recipeFields()) {
            if (field.path() == "training.optimizer" && &other != &field)
                continue;  // it brings numbers of its own along
            EXPECT_EQ(sameField(other, spec, RunSpec()), &other != &field) << field.path() << ", " << other.path();
        }
        RunSpec copied;
        copyField(field, spec, copied);
        EXPECT_TRUE(copied == spec) << field.path();
    }
}

TEST(RecipeFields, NothingIsCalledLikeAnother) {
    std::set<std::string> flags, paths;
    for (const RecipeField& field : recipeFields()) {
        EXPECT_TRUE(flags.insert(field.flag).second) << field.flag;
        EXPECT_TRUE(paths.insert(field.path()).second) << field.path();
        EXPECT_EQ(findRecipeField(field.path()), &field);
    }
    EXPECT_EQ(findRecipeField("training.wings"), nullptr);
}

TEST(RecipeFields, WordsAreThere) {
    for (const RecipeField& field : recipeFields()) {
        EXPECT_EQ(std::string(field.flag).substr(0, 2), "--") << field.path();
        EXPECT_TRUE(*field.label) << field.path();
        EXPECT_TRUE(*field.help && !std::string(field.help).ends_with('.')) << field.path();
        if (const auto* choice = std::get_if<OneOf>(&field.kind)) {
            EXPECT_GE(choice->choices.size(), 2u) << field.path();
            for (const Choice& each : choice->choices)
                EXPECT_TRUE(*each.word && *each.name && *each.meaning) << field.path() << " " << each.word;
        }
    }
}

TEST(RecipeFields, WhatIsTypedIsWhatIsRead) {
    for (const RecipeField& field : recipeFields()) {
        RunSpec spec;
        change(field, spec);
        RunSpec typed;
        const Status status = setFromText(field, textOf(field, spec), typed);
        ASSERT_TRUE(status.ok()) << field.path() << ": " << status.error().text();
        EXPECT_TRUE(typed == spec) << field.path() << " typed as " << textOf(field, spec);
    }
    RunSpec spec;
    spec.budget.deviceBytes = int64_t{3} << 30;
    EXPECT_EQ(textOf(*findRecipeField("budget.device_bytes"), spec), "3GiB");
    spec.training.learningRate = 0.1 + 0.2;
    EXPECT_EQ(textOf(*findRecipeField("training.learning_rate"), spec), "0.30000000000000004");
}

struct Refusal {
    const char* path;
    const char* typed;
    const char* text;
};

TEST(RecipeFields, RefusalsNameTheFlagAndWhatWouldDo) {
    const Refusal refusals[] = {
        {"training.precision", "fp8",
         "An option cannot be used (--precision): \"fp8\" is not known. Use fp32, bf16 or fp16."},
        {"training.steps", "0",
         "An option cannot be used (--steps): 0 is out of range. Use a whole number from 1 to 1000000000."},
        {"training.steps", "1e3",
         "An option cannot be used (--steps): \"1e3\" is not a whole number. Use a whole number from 1 to 1000000000."},
        {"training.beta1", "nan",
         "An option cannot be used (--beta1): nan is out of range. Use a number from 0 to 0.999999."},
        {"training.seed", "-1",
         "An option cannot be used (--seed): \"-1\" is not a whole number from 0 up. Use a whole number such as 1."},
        {"model.tied_head", "yes", "An option cannot be used (--tied-head): \"yes\" is not known. Use true or false."},
        {"budget.device_bytes", "4",
         "An option cannot be used (--vram): 4 without a unit means 4 bytes. Did you mean 4 GiB? Then write --vram "
         "4GiB."},
        {"budget.ram_bytes", "600",
         "An option cannot be used (--ram): 600 without a unit means 600 bytes. Did you mean 600 MiB? Then write --ram "
         "600MiB."},
    };
    for (const Refusal& each : refusals) {
        RunSpec spec;
        const Status status = setFromText(*findRecipeField(each.path), each.typed, spec);
        ASSERT_FALSE(status.ok()) << each.path;
        EXPECT_EQ(status.error().text(), each.text);
        EXPECT_TRUE(spec == RunSpec());
    }
    RunSpec spec;
    EXPECT_TRUE(setFromText(*findRecipeField("budget.device_bytes"), "0", spec).ok()) << "no limit";
}

TEST(RecipeFields, ByteCountsKeepTheirRange) {
    RunSpec spec;
    EXPECT_FALSE(setFromText(*findRecipeField("budget.disk_bytes"), "9000TB", spec).ok());
}

}  // namespace
}  // namespace gsst
