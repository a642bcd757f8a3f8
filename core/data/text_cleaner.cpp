// SPDX-License-Identifier: GPL-3.0-or-later
#include "data/text_cleaner.h"

#include "data/utf8.h"

namespace gsst {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// Length of the prefix that can be copied as it is: ASCII without CR.
size_t plainPrefix(std::string_view text) {
    size_t i = 0;
    while (i < text.size() && static_cast<unsigned char>(text[i]) < 0x80 && text[i] != '\r')
        ++i;
    return i;
}

}  // namespace

void TextCleaner::noteInvalid(uint64_t offset, size_t bytes, std::string& out) {
    if (!m_firstInvalid)
        m_firstInvalid = offset;
    m_invalidBytes += bytes;
    out += kReplacementCharacter;
}

size_t TextCleaner::clean(std::string_view bytes, std::string& out, bool last) {
    size_t done = 0;
    while (done < bytes.size()) {
        const std::string_view rest = bytes.substr(done);
        if (const size_t plain = plainPrefix(rest); plain > 0) {
            out += rest.substr(0, plain);
            done += plain;
            continue;
        }
        if (rest[0] == '\r') {
            if (rest.size() == 1 && !last)
                break;
            if (rest.size() == 1 || rest[1] != '\n')
                out += '\r';
            ++done;
            continue;
        }
        const Utf8Step step = nextUtf8(rest);
        if (step.state == Utf8State::Incomplete && !last)
            break;
        if (step.state != Utf8State::Valid)
            noteInvalid(m_offset + done, step.bytes, out);
        else if (m_offset + done != 0 || rest.substr(0, 3) != kByteOrderMark)
            out += rest.substr(0, step.bytes);
        done += step.bytes;
    }
    m_offset += done;
    return done;
}

void TextCleaner::push(std::string_view bytes, std::string& out) {
    if (!m_held.empty()) {
        // At most 3 bytes are held: a few more of the new piece complete them, the rest is cleaned in place.
        const size_t taken = bytes.size() < 4 ? bytes.size() : 4;
        const size_t before = m_held.size();
        m_held += bytes.substr(0, taken);
        const size_t done = clean(m_held, out, false);
        if (done < before || taken == bytes.size()) {
            m_held.erase(0, done);
            return;
        }
        bytes.remove_prefix(done - before);
        m_held.clear();
    }
    const size_t done = clean(bytes, out, false);
    m_held.assign(bytes.substr(done));
}

void TextCleaner::finish(std::string& out) {
    clean(m_held, out, true);
    m_held.clear();
}

}  // namespace gsst
