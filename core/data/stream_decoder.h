// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "data/tokenizer.h"

#include <cstdint>
#include <string>

namespace gsst {

/// Decodes tokens one at a time, as a model gives them, into text that is valid UTF-8 at every moment. One thread at a
/// time.
class StreamDecoder {
public:
    explicit StreamDecoder(Tokenizer tokenizer) : m_tokenizer(std::move(tokenizer)) {}

    /// The text that `token` completes; empty while a character is still partial. Invalid bytes become U+FFFD.
    std::string push(int32_t token);
    /// U+FFFD if a partial character is left, else empty. The decoder can be used again afterwards.
    std::string finish();

private:
    Tokenizer m_tokenizer;
    std::string m_held;
};

}  // namespace gsst
