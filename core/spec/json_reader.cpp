// SPDX-License-Identifier: GPL-3.0-or-later
#include "spec/json_reader.h"

#include "spec/run_spec.h"

#include <algorithm>
#include <limits>

namespace gsst {

namespace {

const Json& emptyObject() {
    static const Json empty = Json::object();
    return empty;
}

std::string listed(const std::vector<std::string>& words, const char* quote) {
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : ", ") + std::string(quote) + word + quote;
    return text;
}

}  // namespace

JsonReader::JsonReader(const Json& value, std::string path, std::vector<JsonProblem>& problems)
    : m_object(&value), m_path(std::move(path)), m_problems(problems) {
    if (value.is_object())
        return;
    const std::string subject = m_path.empty() ? "the file" : m_path;
    m_problems.push_back({m_path, subject + ": must be an object in braces, not " + shownValue(value)});
    m_object = &emptyObject();
    m_readable = false;
}

void JsonReader::field(const std::string& key, int64_t& value, Presence presence) {
    const Json* found = find(key, presence);
    if (!found)
        return;
    if (!found->is_number_integer())
        return refuse(key, "must be a whole number, not " + shownValue(*found));
    if (found->is_number_unsigned() && found->get<uint64_t>() > uint64_t(std::numeric_limits<int64_t>::max()))
        return refuse(key, shownValue(*found) + " is too large");
    value = found->get<int64_t>();
}

void JsonReader::field(const std::string& key, uint64_t& value, Presence presence) {
    const Json* found = find(key, presence);
    if (!found)
        return;
    const bool negative = found->is_number_integer() && !found->is_number_unsigned() && found->get<int64_t>() < 0;
    if (!found->is_number_integer() || negative)
        return refuse(key, "must be a whole number from 0 to " + std::to_string(std::numeric_limits<uint64_t>::max()) +
                               ", not " + shownValue(*found));
    value = found->get<uint64_t>();
}

void JsonReader::field(const std::string& key, double& value, Presence presence) {
    const Json* found = find(key, presence);
    if (!found)
        return;
    if (!found->is_number())
        return refuse(key, "must be a number, not " + shownValue(*found));
    value = found->get<double>();
}

void JsonReader::field(const std::string& key, bool& value, Presence presence) {
    const Json* found = find(key, presence);
    if (!found)
        return;
    if (!found->is_boolean())
        return refuse(key, "must be true or false, not " + shownValue(*found));
    value = found->get<bool>();
}

void JsonReader::field(const std::string& key, std::string& value, Presence presence) {
    const Json* found = find(key, presence);
    if (!found)
        return;
    if (!found->is_string())
        return refuse(key, "must be a text in quotes, not " + shownValue(*found));
    value = found->get<std::string>();
}

JsonReader JsonReader::object(const std::string& key, Presence presence) {
    const Json* found = find(key, presence);
    JsonReader reader(found ? *found : emptyObject(), pathOf(key), m_problems);
    reader.m_readable = reader.m_readable && (found || presence == Presence::Optional);
    return reader;
}

void JsonReader::finish() {
    for (const auto& [key, value] : m_object->items()) {
        if (std::find(m_known.begin(), m_known.end(), key) != m_known.end())
            continue;
        const std::string nearest = nearestWord(key, m_known);
        refuse(key, nearest.empty() ? "unknown key; known are " + listed(m_known, "")
                                    : "unknown key; did you mean " + pathOf(nearest) + "?");
    }
}

const Json* JsonReader::find(const std::string& key, Presence presence) {
    m_known.push_back(key);
    const auto found = m_object->find(key);
    if (found != m_object->end())
        return &*found;
    if (presence == Presence::Required && m_readable)
        refuse(key, "missing");
    return nullptr;
}

int JsonReader::word(const std::string& key, const std::vector<std::string>& words, Presence presence) {
    const Json* value = find(key, presence);
    if (!value)
        return -1;
    const std::string choices = "use one of " + listed(words, "\"");
    if (!value->is_string()) {
        refuse(key, "must be a text in quotes, not " + shownValue(*value) + "; " + choices);
        return -1;
    }
    const auto& text = value->get_ref<const std::string&>();
    const auto found = std::find(words.begin(), words.end(), text);
    if (found != words.end())
        return int(found - words.begin());
    const std::string nearest = nearestWord(text, words);
    refuse(key, "unknown value " + shownValue(*value) + "; " +
                    (nearest.empty() ? choices : "did you mean \"" + nearest + "\"?"));
    return -1;
}

std::string JsonReader::pathOf(const std::string& key) const {
    return m_path.empty() ? shownKey(key) : m_path + "." + shownKey(key);
}

void JsonReader::refuse(const std::string& key, const std::string& why) {
    m_problems.push_back({pathOf(key), pathOf(key) + ": " + why});
}

}  // namespace gsst
