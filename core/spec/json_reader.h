// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/json_text.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace gsst {

/// One thing that is wrong with a JSON document.
struct JsonProblem {
    std::string path;  ///< "model.width"; empty for the document itself
    std::string text;  ///< "model.width: must be a whole number, not "wide""
};

/// Whether a key must be there. UnlessFirst: of a choice whose first word is what its absence means, and which is
/// therefore not written; so files that say nothing new are read by programs that know nothing new.
enum class Presence { Required, Optional, UnlessFirst };

/// Reads the keys of one JSON object into typed variables. What cannot be read leaves its variable alone and is added
/// to a list of problems, so that all of them can be shown at once. References must outlive the reader.
class JsonReader {
public:
    /// `path` of the object itself, empty for the document. A value that is no object is a problem and reads as if it
    /// were empty.
    JsonReader(const Json& value, std::string path, std::vector<JsonProblem>& problems);

    void field(const std::string& key, int64_t& value, Presence presence = Presence::Optional);
    void field(const std::string& key, uint64_t& value, Presence presence = Presence::Optional);
    void field(const std::string& key, double& value, Presence presence = Presence::Optional);
    void field(const std::string& key, bool& value, Presence presence = Presence::Optional);
    void field(const std::string& key, std::string& value, Presence presence = Presence::Optional);

    /// Reads one of `words`: its index, or -1 if it is not there or none of them.
    int word(const std::string& key, const std::vector<std::string>& words, Presence presence = Presence::Optional);

    /// The object at `key`. If it is missing: an empty one, and a problem if it is required.
    JsonReader object(const std::string& key, Presence presence = Presence::Optional);

    bool has(const std::string& key) const { return m_object->contains(key); }

    /// Call last: every key that nothing has asked for becomes a problem that names the nearest one known.
    void finish();

private:
    const Json* find(const std::string& key, Presence presence);
    std::string pathOf(const std::string& key) const;
    void refuse(const std::string& key, const std::string& why);

    const Json* m_object;
    std::string m_path;
    std::vector<JsonProblem>& m_problems;
    std::vector<std::string> m_known;
    bool m_readable = true;  ///< false: there is no object, and that has been said
};

}  // namespace gsst
