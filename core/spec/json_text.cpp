// SPDX-License-Identifier: GPL-3.0-or-later
#include "spec/json_text.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <vector>

namespace gsst {

namespace {

/// Reads characters and tells how far the reader is, which nlohmann's SAX interface does not.
class CountingIterator {
public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    CountingIterator() = default;
    CountingIterator(const char* at, const char** furthest) : m_at(at), m_furthest(furthest) {}

    reference operator*() const { return *m_at; }
    CountingIterator& operator++() {
        *m_furthest = ++m_at;
        return *this;
    }
    CountingIterator operator++(int) {
        const CountingIterator before = *this;
        ++*this;
        return before;
    }
    bool operator==(const CountingIterator& other) const { return m_at == other.m_at; }

private:
    const char* m_at = nullptr;
    const char** m_furthest = nullptr;
};

std::string placeOf(std::string_view text, size_t offset) {
    const std::string_view before = text.substr(0, std::min(offset, text.size()));
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const size_t lineStart = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    return "line " + std::to_string(line) + ", column " + std::to_string(before.size() - lineStart + 1);
}

/// The library's message without its own prefix and place.
std::string plainMessage(std::string message) {
    for (const std::string_view mark : {"] ", ": "}) {
        const bool isPrefix =
            mark == "] " ? message.starts_with("[json.exception") : message.starts_with("parse error");
        const size_t end = message.find(mark);
        if (isPrefix && end != std::string::npos)
            message.erase(0, end + mark.size());
    }
    return message;
}

/// Looks at the text without building anything and notes the first problem.
class SyntaxCheck : public nlohmann::json_sax<Json> {
public:
    SyntaxCheck(std::string_view text, const JsonLimits& limits)
        : m_text(text), m_limits(limits), m_furthest(text.data()) {}

    /// Empty = well formed.
    std::string problem() {
        const char* end = m_text.data() + m_text.size();
        const bool wellFormed =
            Json::sax_parse(CountingIterator(m_text.data(), &m_furthest), CountingIterator(end, &m_furthest), this);
        return wellFormed ? std::string() : m_problem;
    }

    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }
    bool start_array(size_t) override { return enter(); }
    bool end_array() override { return leave(); }
    bool start_object(size_t) override { return enter(); }
    bool end_object() override { return leave(); }

    bool key(string_t& key) override {
        if (!m_keys.back().insert(key).second)
            return fail(startOfKey(), "the key " + shownKey(key) + " is there twice");
        if (m_keys.back().size() > m_limits.keysPerObject)
            return fail(startOfKey(), "an object has more than " + std::to_string(m_limits.keysPerObject) + " keys");
        return true;
    }

    bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception& error) override {
        return fail(position > 0 ? position - 1 : 0, plainMessage(error.what()));
    }

private:
    bool enter() {
        m_keys.emplace_back();
        if (m_keys.size() <= size_t(m_limits.depth))
            return true;
        return fail(consumed() - 1, "nested more than " + std::to_string(m_limits.depth) + " levels deep");
    }

    bool leave() {
        m_keys.pop_back();
        return true;
    }

    size_t consumed() const { return size_t(m_furthest - m_text.data()); }

    /// The reader stands behind the key's closing quote; quotes inside the key are escaped.
    size_t startOfKey() const {
        const auto isEscaped = [this](size_t at) {
            size_t slashes = 0;
            while (slashes < at && m_text[at - 1 - slashes] == '\\')
                ++slashes;
            return slashes % 2 == 1;
        };
        size_t at = consumed() - 1;
        while (at > 0 && (m_text[at - 1] != '"' || isEscaped(at - 1)))
            --at;
        return at > 0 ? at - 1 : 0;
    }

    bool fail(size_t offset, const std::string& why) {
        m_problem = placeOf(m_text, offset) + ": " + why;
        return false;
    }

    std::string_view m_text;
    const JsonLimits& m_limits;
    const char* m_furthest;
    std::vector<std::set<std::string>> m_keys;  ///< one set a level; empty for arrays
    std::string m_problem;
};

constexpr size_t kShownBytes = 40;

std::string cut(std::string text) {
    if (text.size() <= kShownBytes)
        return text;
    size_t end = kShownBytes;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u)  // not inside a character
        --end;
    return text.substr(0, end) + "...";
}

std::string dumped(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Result<Json> parseJson(std::string_view text, const std::string& what, const std::string& origin,
                       const JsonLimits& limits) {
    const std::string todo = "Correct the file with a text editor and try again";
    if (text.size() > limits.bytes)
        return Error{ErrorCode::InvalidInput, what, origin,
                     "it is larger than " + std::to_string(limits.bytes) + " bytes", todo};
    const size_t zero = text.find('\0');  // the library takes it for the end and ignores what follows
    const std::string problem =
        zero == std::string_view::npos ? SyntaxCheck(text, limits).problem() : placeOf(text, zero) + ": a zero byte";
    if (!problem.empty())
        return Error{ErrorCode::InvalidInput, what, origin, problem, todo};
    return Json::parse(text, nullptr, false);
}

std::string shownValue(const Json& value) {
    if (value.is_object())
        return "an object";
    if (value.is_array())
        return "a list";
    return cut(dumped(value));
}

std::string shownKey(const std::string& key) {
    const auto isPlain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    const bool plain = !key.empty() && key.size() <= kShownBytes && std::all_of(key.begin(), key.end(), isPlain);
    return plain ? key : cut(dumped(key));
}

bool isJsonText(const std::string& text) {
    return Json::parse(dumped(text)).get_ref<const std::string&>() == text;
}

}  // namespace gsst
