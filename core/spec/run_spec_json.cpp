// SPDX-License-Identifier: GPL-3.0-or-later
#include "spec/recipe_fields.h"
#include "spec/spec_rules.h"

#include <algorithm>

namespace gsst {

namespace {

constexpr const char* kHeadline = "The recipe cannot be used";
constexpr const char* kModel = "model";
constexpr const char* kSections[] = {kModel, "training", "data", "budget"};

Error refusal(const std::vector<std::string>& problems, const std::string& origin) {
    std::string why;
    for (const std::string& problem : problems)
        why += (why.empty() ? "" : "\n") + problem;
    const char* todo = problems.size() == 1 ? "Correct this value and try again" : "Correct these values and try again";
    return {ErrorCode::InvalidInput, kHeadline, origin, why, todo};
}

Status checkVersion(const Json& json, const std::string& origin) {
    const auto version = json.is_object() ? json.find("version") : json.end();
    if (!json.is_object() || version == json.end() || !version->is_number_unsigned() ||
        version->get<uint64_t>() <= kRunSpecVersion)
        return {};
    return Error{ErrorCode::NewerVersion, "The recipe was written by a newer version of GSST Studio", origin,
                 "its format is " + shownValue(*version) + ", this program knows up to " +
                     std::to_string(kRunSpecVersion),
                 "Update GSST Studio"};
}

/// What the recipe leaves out and other values of the model decide.
void fillIn(ModelSpec& model, const JsonReader& reader) {
    const FamilyInfo& family = infoOf(model.family);
    if (!reader.has("kv_heads"))
        model.kvHeads = model.heads;
    if (!reader.has("head_size"))
        model.ownHeadSize = family.headSize;
    if (!reader.has("norm_epsilon"))
        model.normEpsilon = family.normEpsilon;
    if (!reader.has("rope_theta"))
        model.ropeTheta = family.ropeTheta;
}

std::vector<std::string> wordsIn(std::span<const Choice> choices) {
    std::vector<std::string> words;
    for (const Choice& choice : choices)
        words.emplace_back(choice.word);
    return words;
}

/// All fields of a section, in the order of the table.
void readFields(JsonReader& reader, std::string_view section, RunSpec& spec) {
    for (const RecipeField& field : recipeFields()) {
        if (section != field.section)
            continue;
        std::visit(
            [&](const auto& kind) {
                if constexpr (requires { kind.member; })
                    reader.field(field.key, kind.member.change(spec), field.presence);
                else if (const int at = reader.word(field.key, wordsIn(kind.choices), field.presence); at >= 0)
                    kind.choose(spec, kind.choices[size_t(at)].value);
            },
            field.kind);
    }
}

void writeFields(Json& json, std::string_view section, const RunSpec& spec) {
    for (const RecipeField& field : recipeFields()) {
        if (section != field.section)
            continue;
        std::visit(
            [&](const auto& kind) {
                if constexpr (requires { kind.member; })
                    json[field.key] = kind.member.read(spec);
                else if (field.presence != Presence::UnlessFirst || kind.read(spec) != kind.choices.front().value)
                    json[field.key] = textOf(field, spec);
            },
            field.kind);
    }
}

RunSpec readSpec(const Json& json, std::vector<JsonProblem>& problems) {
    RunSpec spec;
    JsonReader reader(json, "", problems);
    int64_t version = kRunSpecVersion;
    reader.field("version", version);
    if (version < 1)
        problems.push_back({"version", "version: " + std::to_string(version) + " is not between 1 and " +
                                           std::to_string(kRunSpecVersion)});
    readFields(reader, "", spec);
    for (const char* section : kSections) {
        JsonReader inside = reader.object(section, section == kModel ? Presence::Required : Presence::Optional);
        readFields(inside, section, spec);
        if (section == kModel)
            fillIn(spec.model, inside);
        inside.finish();
    }
    if (version < 2 && spec.training.evaluateSequences == 0)
        spec.training.evaluateSequences = kAllSequences;
    reader.finish();
    return spec;
}

/// Whether `field` or a section it lies in could not be read.
bool isUnread(const std::string& field, const std::vector<JsonProblem>& problems) {
    return std::any_of(problems.begin(), problems.end(), [&field](const JsonProblem& problem) {
        return problem.path.empty() || field == problem.path || field.starts_with(problem.path + ".");
    });
}

}  // namespace

Result<RunSpec> parseRunSpec(std::string_view json, const std::string& origin) {
    GSST_ASSIGN(const Json document, parseJson(json, kHeadline, origin));
    GSST_TRY(checkVersion(document, origin));
    std::vector<JsonProblem> unread;
    RunSpec spec = readSpec(document, unread);
    std::vector<std::string> problems;
    for (const JsonProblem& problem : unread)
        problems.push_back(problem.text);
    // A rule over a value that was not read would blame the default in its place.
    for (const BrokenRule& rule : brokenRules(spec))
        if (std::none_of(rule.fields.begin(), rule.fields.end(),
                         [&](const std::string& field) { return isUnread(field, unread); }))
            problems.push_back(rule.text);
    if (!problems.empty())
        return refusal(problems, origin);
    return spec;
}

std::string toJson(const RunSpec& spec) {
    Json json;
    json["version"] = kRunSpecVersion;
    writeFields(json, "", spec);
    for (const char* section : kSections)
        writeFields(json[section] = Json::object(), section, spec);
    return json.dump(4, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::vector<std::string> problemsOf(const RunSpec& spec) {
    std::vector<std::string> problems;
    for (BrokenRule& rule : brokenRules(spec))
        problems.push_back(std::move(rule.text));
    return problems;
}

Status validate(const RunSpec& spec, const std::string& origin) {
    const std::vector<std::string> problems = problemsOf(spec);
    if (problems.empty())
        return {};
    return refusal(problems, origin);
}

}  // namespace gsst
