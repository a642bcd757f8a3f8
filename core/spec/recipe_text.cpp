// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/units.h"
#include "spec/recipe_fields.h"

#include <array>
#include <charconv>
#include <utility>

namespace gsst {

namespace {

Error refused(const std::string& flag, std::string why, std::string todo) {
    return {ErrorCode::InvalidInput, "An option cannot be used", flag, std::move(why), std::move(todo)};
}

template <typename Number>
std::string shown(Number value) {
    std::array<char, 64> digits{};
    return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr};
}

/// The whole of `text` as a number; nothing if it is none or too large.
template <typename Number>
std::optional<Number> numberOf(std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

/// In the largest unit that says it exactly.
std::string bytesAsTyped(int64_t bytes) {
    constexpr std::pair<int64_t, const char*> kUnits[] = {
        {int64_t{1} << 30, "GiB"}, {int64_t{1} << 20, "MiB"}, {int64_t{1} << 10, "KiB"}};
    for (const auto& [size, name] : kUnits)
        if (bytes > 0 && bytes % size == 0)
            return std::to_string(bytes / size) + name;
    return std::to_string(bytes);
}

struct AsText {
    const RunSpec& spec;

    std::string operator()(const WholeNumber& kind) const { return shown(kind.member.read(spec)); }
    std::string operator()(const ByteCount& kind) const { return bytesAsTyped(kind.member.read(spec)); }
    std::string operator()(const AnyNumber& kind) const { return shown(kind.member.read(spec)); }
    std::string operator()(const Decimal& kind) const { return shown(kind.member.read(spec)); }
    std::string operator()(const YesOrNo& kind) const { return kind.member.read(spec) ? "true" : "false"; }
    std::string operator()(const Text& kind) const { return kind.member.read(spec); }
    std::string operator()(const OneOf& kind) const {
        for (const Choice& choice : kind.choices)
            if (choice.value == kind.read(spec))
                return choice.word;
        return {};
    }
};

struct FromText {
    const std::string flag;
    std::string_view text;
    RunSpec& spec;

    Status operator()(const WholeNumber& kind) const { return inRange<int64_t>(kind, "whole number"); }
    Status operator()(const Decimal& kind) const { return inRange<double>(kind, "number"); }
    Status operator()(const AnyNumber& kind) const {
        const auto value = numberOf<uint64_t>(text);
        if (!value)
            return refused(flag, quoted() + " is not a whole number from 0 up", "Use a whole number such as 1");
        kind.member.change(spec) = *value;
        return {};
    }
    Status operator()(const ByteCount& kind) const {
        GSST_ASSIGN(const int64_t bytes, bytesFromText(flag, text));
        if (bytes > ByteCount::kMost)
            return refused(flag, std::string(text) + " is out of range", "Use at most 900TB, or 0 for no limit");
        kind.member.change(spec) = bytes;
        return {};
    }
    Status operator()(const YesOrNo& kind) const {
        if (text != "true" && text != "false")
            return refused(flag, quoted() + " is not known", "Use true or false");
        kind.member.change(spec) = text == "true";
        return {};
    }
    Status operator()(const Text& kind) const {
        if (text.size() > kind.mostBytes)
            return refused(flag, "the text is longer than " + shown(kind.mostBytes) + " bytes", "Use a shorter one");
        kind.member.change(spec) = text;
        return {};
    }
    Status operator()(const OneOf& kind) const {
        for (const Choice& choice : kind.choices)
            if (choice.word == text) {
                kind.choose(spec, choice.value);
                return {};
            }
        return refused(flag, quoted() + " is not known", "Use " + wordsOf(kind.choices));
    }

private:
    std::string quoted() const { return std::string("\"").append(text).append("\""); }

    template <typename Number, typename Kind>
    Status inRange(const Kind& kind, const char* name) const {
        const auto value = numberOf<Number>(text);
        const std::string range =
            "Use a " + std::string(name) + " from " + shown(kind.least) + " to " + shown(kind.most);
        if (!value)
            return refused(flag, quoted() + " is not a " + name, range);
        if (!(*value >= kind.least && *value <= kind.most))  // written so that NaN is out of range
            return refused(flag, shown(*value) + " is out of range", range);
        kind.member.change(spec) = *value;
        return {};
    }
};

}  // namespace

std::string textOf(const RecipeField& field, const RunSpec& spec) {
    return std::visit(AsText{spec}, field.kind);
}

Status setFromText(const RecipeField& field, std::string_view text, RunSpec& spec) {
    return std::visit(FromText{field.flag, text, spec}, field.kind);
}

void copyField(const RecipeField& field, const RunSpec& from, RunSpec& to) {
    std::visit(
        [&](const auto& kind) {
            if constexpr (requires { kind.member; })
                kind.member.change(to) = kind.member.read(from);
            else
                kind.choose(to, kind.read(from));
        },
        field.kind);
}

bool sameField(const RecipeField& field, const RunSpec& a, const RunSpec& b) {
    return std::visit(
        [&](const auto& kind) {
            if constexpr (requires { kind.member; })
                return kind.member.read(a) == kind.member.read(b);
            else
                return kind.read(a) == kind.read(b);
        },
        field.kind);
}

std::string wordsOf(std::span<const Choice> choices) {
    std::string words;
    for (const Choice& choice : choices) {
        if (!words.empty())
            words += &choice == &choices.back() ? " or " : ", ";
        words += choice.word;
    }
    return words;
}

Result<int64_t> bytesFromText(const std::string& flag, std::string_view text) {
    // Nobody limits a run to less than this, but many leave out the unit.
    constexpr int64_t kLeastMeant = int64_t{1} << 20;
    constexpr int64_t kMostGib = 256;
    if (const auto bare = numberOf<int64_t>(text); bare && *bare > 0 && *bare < kLeastMeant) {
        const std::string meant = std::string(text) + (*bare <= kMostGib ? " GiB" : " MiB");
        return refused(flag, std::string(text) + " without a unit means " + std::string(text) + " bytes",
                       "Did you mean " + meant + "? Then write " + flag + " " + std::string(text) +
                           (*bare <= kMostGib ? "GiB" : "MiB"));
    }
    const auto parsed = parseBytes(text);
    if (parsed.ok())
        return *parsed;
    return refused(flag, parsed.error().why.empty() ? parsed.error().what : parsed.error().why,
                   "Write for example 4GiB or 600MB");
}

}  // namespace gsst
