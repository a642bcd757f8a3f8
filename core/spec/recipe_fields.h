// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/json_reader.h"
#include "spec/recipe_choices.h"
#include "spec/run_spec.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace gsst {

// Everything that there is to know about the fields of a recipe, one row each: the key in files, the option of the
// command line, the words of the window, and the range of values. Reading and writing of files, their error messages,
// the options of `gsst train`, its help, the command that the window copies and the window's cards are made from it. A
// new member of RunSpec, ModelSpec, TrainSpec, DataSpec or Budget needs a row in recipe_fields.cpp, or nothing
// compiles.

/// How to get at a member of a recipe, wherever it lies in it.
template <typename Value>
struct Member {
    Value& (*change)(RunSpec&) = nullptr;
    const Value& (*read)(const RunSpec&) = nullptr;
};

// What a field may hold. Ranges include both ends.

struct WholeNumber {
    Member<int64_t> member;
    int64_t least = 0;
    int64_t most = 0;
};
/// A number of bytes; typed with a unit, "4GiB". 0 = no limit.
struct ByteCount {
    static constexpr int64_t kMost = 1'000'000'000'000'000;
    Member<int64_t> member;
};
struct AnyNumber {
    Member<uint64_t> member;
};
struct Decimal {
    Member<double> member;
    double least = 0;
    double most = 0;
};
struct YesOrNo {
    Member<bool> member;
};
struct Text {
    Member<std::string> member;
    size_t mostBytes = 0;
};
/// One of some words. The numbers are those of the enum.
struct OneOf {
    std::span<const Choice> choices;
    int (*read)(const RunSpec&) = nullptr;
    void (*choose)(RunSpec&, int) = nullptr;
};

using FieldKind = std::variant<WholeNumber, ByteCount, AnyNumber, Decimal, YesOrNo, Text, OneOf>;

/// What belongs together in help and in the window.
enum class FieldGroup { Length, Learning, Memory, Arithmetic, Reports, Model, Tokens, Naming };
/// How often people ask for a field: the seldom ones are shown by --help-all only.
enum class FieldUse { Everyday, Seldom };

struct RecipeField {
    const char* section = "";  ///< "training"; "" = of the recipe itself
    const char* key = "";      ///< "learning_rate"
    const char* flag = "";     ///< "--learning-rate"
    FieldGroup group{};
    FieldUse use{};
    const char* label = "";  ///< "Learning rate"
    const char* help = "";   ///< one sentence without a full stop
    FieldKind kind;
    Presence presence = Presence::Optional;     ///< in files
    bool (*matters)(const RunSpec&) = nullptr;  ///< whether the range is looked at; none = always

    std::string path() const;  ///< "training.learning_rate"
};

/// All fields: sections together, within a section in the order in which files are written.
std::span<const RecipeField> recipeFields();
/// The field of this path; nothing if there is none.
const RecipeField* findRecipeField(std::string_view path);

/// The value as it is typed on the command line: "0.001", "bf16", "4GiB", "true". setFromText() of it gives the same.
std::string textOf(const RecipeField& field, const RunSpec& spec);
/// Sets the value to what was typed. InvalidInput names the flag, says what is wrong and what would do; `spec` is as
/// before then. What depends on other fields is not looked at, see validate().
Status setFromText(const RecipeField& field, std::string_view text, RunSpec& spec);
/// Gives `to` the value that `from` has.
void copyField(const RecipeField& field, const RunSpec& from, RunSpec& to);
bool sameField(const RecipeField& field, const RunSpec& a, const RunSpec& b);

/// "Use fp32, bf16 or fp16" without "Use".
std::string wordsOf(std::span<const Choice> choices);

/// A number of bytes as it is typed: "4GiB". A number without a unit that is too small to be meant as bytes is refused
/// with a question. InvalidInput with `flag` as the place.
Result<int64_t> bytesFromText(const std::string& flag, std::string_view text);

}  // namespace gsst
