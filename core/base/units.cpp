// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/units.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <span>

namespace gsst {

namespace {

/// One decimal below 100 (dropped when zero), none from there on.
std::string shortNumber(double value) {
    std::array<char, 64> text{};
    const double tenths = std::round(value * 10.0);
    const bool decimal = tenths < 1000.0 && std::fmod(tenths, 10.0) != 0.0;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), decimal ? tenths / 10.0 : std::round(value),
                                   std::chars_format::fixed, decimal ? 1 : 0);
    return std::string(text.data(), end.ptr);
}

/// `value` in the largest of `names` that leaves it at least 1 after rounding, each `step` times the one before.
std::string scaled(double value, double step, std::span<const char* const> names) {
    size_t unit = 0;
    while (unit + 1 < names.size() && std::round(value) >= step) {
        value /= step;
        ++unit;
    }
    const std::string name = names[unit];
    return shortNumber(value) + (name.empty() ? "" : " " + name);
}

std::string twoParts(int64_t major, const char* majorName, int64_t minor, const char* minorName) {
    std::string text = std::to_string(major) + " " + majorName;
    return minor == 0 ? text : text + " " + std::to_string(minor) + " " + minorName;
}

std::string quoted(std::string_view text) {
    std::string result = "\"";
    result += text;
    result += '"';
    return result;
}

Error sizeError(std::string_view text, std::string why) {
    return {ErrorCode::InvalidInput, "Cannot read a size", quoted(text), std::move(why),
            "Write a number and a unit, such as 4GiB, 512MiB, 1.5GB or 300MB; a number alone means bytes"};
}

std::string lowerWithoutBlanks(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (c == ' ' || c == '\t')
            continue;
        result += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return result;
}

std::optional<int64_t> unitFactor(std::string_view name) {
    struct Unit {
        std::string_view name;
        int64_t factor;
    };
    constexpr int64_t kDecimal = 1000, kBinary = 1024;
    constexpr std::array<Unit, 14> kUnits{{{"", 1},
                                           {"b", 1},
                                           {"kb", kDecimal},
                                           {"mb", kDecimal * kDecimal},
                                           {"gb", kDecimal * kDecimal * kDecimal},
                                           {"tb", kDecimal * kDecimal * kDecimal * kDecimal},
                                           {"kib", kBinary},
                                           {"mib", kBinary * kBinary},
                                           {"gib", kBinary * kBinary * kBinary},
                                           {"tib", kBinary * kBinary * kBinary * kBinary},
                                           {"k", kBinary},
                                           {"m", kBinary * kBinary},
                                           {"g", kBinary * kBinary * kBinary},
                                           {"t", kBinary * kBinary * kBinary * kBinary}}};
    for (const Unit& unit : kUnits)
        if (unit.name == name)
            return unit.factor;
    return std::nullopt;
}

/// Whole numbers are scaled in integers, so that every byte of a large size counts.
std::optional<int64_t> scaleNumber(std::string_view number, int64_t factor) {
    const char* end = number.data() + number.size();
    int64_t whole = 0;
    if (const auto parsed = std::from_chars(number.data(), end, whole); parsed.ec == std::errc() && parsed.ptr == end)
        return whole > std::numeric_limits<int64_t>::max() / factor ? std::nullopt : std::optional(whole * factor);
    double fraction = 0;
    const auto parsed = std::from_chars(number.data(), end, fraction, std::chars_format::fixed);
    if (parsed.ec != std::errc() || parsed.ptr != end)
        return std::nullopt;
    const double bytes = std::round(fraction * static_cast<double>(factor));
    return bytes < 0x1p63 ? std::optional(static_cast<int64_t>(bytes)) : std::nullopt;
}

}  // namespace

std::string formatBytes(uint64_t bytes) {
    constexpr std::array names{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    return scaled(static_cast<double>(bytes), 1024.0, names);
}

std::string formatRate(double bytesPerSecond) {
    if (!std::isfinite(bytesPerSecond) || bytesPerSecond < 0)
        return "unknown";
    return bytesPerSecond < 1e6 ? shortNumber(bytesPerSecond / 1e3) + " kB/s"
                                : shortNumber(bytesPerSecond / 1e6) + " MB/s";
}

std::string formatCount(uint64_t count) {
    constexpr std::array names{"", "k", "M", "B", "T"};
    return scaled(static_cast<double>(count), 1000.0, names);
}

std::string formatDuration(double seconds) {
    constexpr double kLongest = 1e12;
    if (!(seconds >= 0) || seconds > kLongest)
        return "unknown";
    if (seconds < 9.95)
        return shortNumber(seconds) + " s";
    const auto whole = static_cast<int64_t>(std::round(seconds));
    if (whole < 60)
        return std::to_string(whole) + " s";
    if (whole < 3600)
        return twoParts(whole / 60, "min", whole % 60, "s");
    const int64_t minutes = static_cast<int64_t>(std::round(seconds / 60));
    if (minutes < 24 * 60)
        return twoParts(minutes / 60, "h", minutes % 60, "min");
    const int64_t hours = static_cast<int64_t>(std::round(seconds / 3600));
    return twoParts(hours / 24, "d", hours % 24, "h");
}

std::string formatSeconds(double seconds) {
    std::array<char, 32> text{};
    const int digits = seconds < 1 ? 3 : seconds < 10 ? 2 : seconds < 100 ? 1 : 0;
    const auto end = std::to_chars(text.begin(), text.end(), std::min(seconds, 1e18), std::chars_format::fixed, digits);
    return std::string(text.data(), end.ptr) + " s";
}

Result<int64_t> parseBytes(std::string_view text) {
    const std::string plain = lowerWithoutBlanks(text);
    if (plain.empty())
        return sizeError(text, "it is empty");
    if (plain[0] == '-')
        return sizeError(text, "a size cannot be negative");
    const size_t digits = std::min(plain.find_first_not_of("0123456789."), plain.size());
    const std::string_view number = std::string_view(plain).substr(0, digits);
    const std::string_view unit = std::string_view(plain).substr(digits);
    if (number.empty())
        return sizeError(text, "it does not begin with a number");
    if (unit.starts_with(','))
        return sizeError(text, "decimals are written with a point");
    const auto factor = unitFactor(unit);
    if (!factor)
        return sizeError(text, quoted(unit) + " is not a unit of size");
    if (number == "." || number.find('.') != number.rfind('.'))
        return sizeError(text, quoted(number) + " is not a number");
    const auto bytes = scaleNumber(number, *factor);
    if (!bytes)
        return sizeError(text, "it is larger than any disk");
    return *bytes;
}

}  // namespace gsst
