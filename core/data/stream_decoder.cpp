// SPDX-License-Identifier: GPL-3.0-or-later
#include "data/stream_decoder.h"

#include "data/utf8.h"

namespace gsst {

std::string StreamDecoder::push(int32_t token) {
    m_held += m_tokenizer.pieceBytes(token);
    std::string out;
    size_t done = 0;
    while (done < m_held.size()) {
        const std::string_view rest = std::string_view(m_held).substr(done);
        const Utf8Step step = nextUtf8(rest);
        if (step.state == Utf8State::Incomplete)
            break;
        out += step.state == Utf8State::Valid ? rest.substr(0, step.bytes) : kReplacementCharacter;
        done += step.bytes;
    }
    m_held.erase(0, done);
    return out;
}

std::string StreamDecoder::finish() {
    const bool partial = !m_held.empty();
    m_held.clear();
    return partial ? std::string(kReplacementCharacter) : std::string();
}

}  // namespace gsst
