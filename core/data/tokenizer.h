// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "io/file.h"
#include "spec/run_spec.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gsst {

class SentencePieceModel;

/// Turns text into token ids and back. Immutable and thread-safe; copies share one model.
///
/// Bytes: the id is the byte, 256 in all. SentencePieceBpe: byte pair encoding with byte fallback (ids 0 <unk>, 1 <s>,
/// 2 </s>, 3 to 258 the bytes, then the learned pieces); no normalization and no added spaces, so that
/// decode(encode(text)) == text for every valid UTF-8 text. Pieces never span a line feed: text may be cut after one
/// and encoded part by part.
class Tokenizer {
public:
    static Tokenizer bytes();
    /// A serialized SentencePiece model with byte fallback and without normalization; `origin` names it in messages.
    static Result<Tokenizer> fromSentencePiece(std::string model, const std::string& origin);
    /// What save() wrote. NotFound, Corrupt (the model's sum is wrong) or NewerVersion.
    static Result<Tokenizer> load(FileSystem& files, const std::filesystem::path& folder);

    /// Writes gsst_tokenizer.json and, for SentencePiece, tokenizer.model (the standard file) into `folder`, creating
    /// it.
    Status save(FileSystem& files, const std::filesystem::path& folder) const;

    TokenizerKind kind() const { return m_kind; }
    int64_t vocabularySize() const;            ///< ids are in [0, vocabularySize())
    std::optional<int32_t> endOfText() const;  ///< the token between documents; none for Bytes
    std::string hash() const;                  ///< 16 hexadecimal digits; equal exactly if the tokenizers are

    /// SentencePiece: invalid UTF-8 is encoded as U+FFFD.
    std::vector<int32_t> encode(std::string_view text) const;
    void encodeTo(std::string_view text, std::vector<int32_t>& out) const;  ///< appends
    /// The bytes of the tokens, one after the other. Tokens chosen by a model may be invalid UTF-8 (StreamDecoder
    /// repairs that). Control tokens and ids outside the vocabulary give nothing.
    std::string decode(std::span<const int32_t> tokens) const;
    std::string_view pieceBytes(int32_t token) const;

private:
    Tokenizer(TokenizerKind kind, std::shared_ptr<const SentencePieceModel> model);

    TokenizerKind m_kind;
    std::shared_ptr<const SentencePieceModel> m_model;
};

/// A sensible vocabulary for so much text: 1024 below 1 MB, 2048 below 10 MB, 8192 below 100 MB, 16384 below 1 GB, else
/// 32768.
int64_t suggestedVocabulary(uint64_t textBytes);

}  // namespace gsst
