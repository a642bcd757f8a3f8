// SPDX-License-Identifier: GPL-3.0-or-later
#include "spec/spec_fields.h"
#include "spec/spec_rules.h"

#include <algorithm>

namespace gsst {

namespace {

constexpr const char* kHeadline = "The recipe cannot be used";

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

RunSpec readSpec(const Json& json, std::vector<JsonProblem>& problems) {
    RunSpec spec;
    JsonReader reader(json, "", problems);
    int64_t version = kRunSpecVersion;
    reader.field("version", version);
    if (version < 1)
        problems.push_back({"version", "version: " + std::to_string(version) + " is not between 1 and " +
                                           std::to_string(kRunSpecVersion)});
    reader.field("name", spec.name);
    reader.field("title", spec.title);
    JsonReader model = reader.object("model", Presence::Required);
    modelFields(model, spec.model);
    fillIn(spec.model, model);
    model.finish();
    JsonReader training = reader.object("training");
    trainingFields(training, spec.training);
    training.finish();
    if (version < 2 && spec.training.evaluateSequences == 0)
        spec.training.evaluateSequences = kAllSequences;
    JsonReader data = reader.object("data");
    dataFields(data, spec.data);
    data.finish();
    JsonReader budget = reader.object("budget");
    budgetFields(budget, spec.budget);
    budget.finish();
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
    JsonWriter model, training, data, budget;
    modelFields(model, spec.model);
    trainingFields(training, spec.training);
    dataFields(data, spec.data);
    budgetFields(budget, spec.budget);
    Json json;
    json["version"] = kRunSpecVersion;
    json["name"] = spec.name;
    json["title"] = spec.title;
    json["model"] = model.take();
    json["training"] = training.take();
    json["data"] = data.take();
    json["budget"] = budget.take();
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
