// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace gsst {

/// Keeps the order of keys, for files that people read.
using Json = nlohmann::ordered_json;

/// What a text may be at most; more is refused before it costs memory or time.
struct JsonLimits {
    size_t bytes = size_t{4} << 20;
    int depth = 32;
    size_t keysPerObject = 1000;
};

/// Parses JSON strictly: no comments, no NaN or Infinity, no number out of range, no key twice in an object, nothing
/// after the end. `what` is the error's headline and `origin` names the file; `why` has line and column (in bytes, from
/// 1). InvalidInput.
Result<Json> parseJson(std::string_view text, const std::string& what, const std::string& origin,
                       const JsonLimits& limits = {});

/// `value` as JSON in one line for messages, cut after about 40 bytes; "an object" and "a list" for those.
std::string shownValue(const Json& value);

/// `key` as it is if it looks like a key, else quoted as JSON, cut like a value.
std::string shownKey(const std::string& key);

/// Whether `text` is valid UTF-8, which JSON needs.
bool isJsonText(const std::string& text);

}  // namespace gsst
