// SPDX-License-Identifier: GPL-3.0-or-later
#include "data/utf8.h"

namespace gsst {
namespace {

unsigned byteAt(std::string_view text, size_t index) {
    return static_cast<unsigned char>(text[index]);
}

struct LeadByte {
    size_t length = 0;  ///< 0 = starts no character
    unsigned secondLow = 0x80;
    unsigned secondHigh = 0xBF;
};

LeadByte classify(unsigned lead) {
    if (lead < 0x80)
        return {1};
    if (lead >= 0xC2 && lead <= 0xDF)
        return {2};
    if (lead == 0xE0)
        return {3, 0xA0, 0xBF};
    if (lead == 0xED)
        return {3, 0x80, 0x9F};
    if (lead >= 0xE1 && lead <= 0xEF)
        return {3};
    if (lead == 0xF0)
        return {4, 0x90, 0xBF};
    if (lead >= 0xF1 && lead <= 0xF3)
        return {4};
    if (lead == 0xF4)
        return {4, 0x80, 0x8F};
    return {};
}

}  // namespace

Utf8Step nextUtf8(std::string_view text) {
    const LeadByte lead = classify(byteAt(text, 0));
    if (lead.length == 0)
        return {Utf8State::Invalid, 1};
    for (size_t i = 1; i < lead.length; ++i) {
        if (i == text.size())
            return {Utf8State::Incomplete, i};
        const unsigned low = i == 1 ? lead.secondLow : 0x80;
        const unsigned high = i == 1 ? lead.secondHigh : 0xBF;
        if (byteAt(text, i) < low || byteAt(text, i) > high)
            return {Utf8State::Invalid, i};
    }
    return {Utf8State::Valid, lead.length};
}

size_t utf8Floor(std::string_view text, size_t position) {
    if (position >= text.size())
        return text.size();
    for (size_t back = 1; back <= 3 && back <= position; ++back) {
        const size_t start = position - back;
        if (byteAt(text, start) < 0x80)
            break;
        const Utf8Step step = nextUtf8(text.substr(start));
        if (byteAt(text, start) >= 0xC0)
            return step.state == Utf8State::Valid && step.bytes > back ? start : position;
    }
    return position;
}

std::string toValidUtf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const Utf8Step step = nextUtf8(text);
        out += step.state == Utf8State::Valid ? text.substr(0, step.bytes) : kReplacementCharacter;
        text.remove_prefix(step.bytes);
    }
    return out;
}

}  // namespace gsst
