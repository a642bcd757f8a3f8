// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sentencepiece {
class SentencePieceProcessor;
}

namespace gsst {

/// The character that SentencePiece writes for a space, U+2581.
inline constexpr std::string_view kSpaceMark = "\xE2\x96\x81";

/// A loaded SentencePiece model with byte fallback; the only place, with the training below, that knows the library.
/// Immutable, thread-safe.
class SentencePieceModel {
public:
    static Result<std::shared_ptr<const SentencePieceModel>> load(std::string serialized, const std::string& origin);
    ~SentencePieceModel();

    const std::string& serialized() const { return m_serialized; }
    /// Text of every piece by id: spaces for space marks, the byte for byte pieces, nothing for control pieces.
    const std::vector<std::string>& pieces() const { return m_pieces; }
    int32_t endOfText() const { return m_endOfText; }                     ///< -1 = none
    void encode(std::string_view text, std::vector<int32_t>& out) const;  ///< appends

private:
    SentencePieceModel();
    Status readPieces(const std::string& origin);
    class WordCache;
    void encodeLine(std::string_view line, WordCache& cache, std::vector<int32_t>& out) const;
    void encodeWords(std::string_view text, WordCache& cache, std::vector<int32_t>& out) const;

    std::string m_serialized;
    std::unique_ptr<sentencepiece::SentencePieceProcessor> m_processor;
    std::vector<std::string> m_pieces;
    std::array<int32_t, 256> m_byteIds{};
    int32_t m_endOfText = -1;
    bool m_piecesStayInWords = true;  ///< no piece holds a space after something else
};

/// Trains byte pair encoding and returns the serialized model. `vocabulary` is an upper limit. `sentences` must hold no
/// line feeds, tabs or NUL and be valid UTF-8; each of their characters gets a piece. One thread, no randomness: the
/// same sentences give the same model. `stopped` is asked while the sentences are taken over (then the result is
/// Cancelled); the merging after it, the longer part, cannot be interrupted.
Result<std::string> trainSentencePieceBpe(const std::vector<std::string>& sentences, int64_t vocabulary,
                                          const std::function<bool()>& stopped);

}  // namespace gsst
