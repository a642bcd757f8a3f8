// SPDX-License-Identifier: GPL-3.0-or-later
#include "data/sentence_piece.h"

#include "base/cancelled.h"

#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>

namespace gsst {
namespace {

namespace sp = sentencepiece;

Error unusableModel(const std::string& origin, const std::string& why) {
    return {ErrorCode::Corrupt, "The tokenizer model cannot be used", origin, why,
            "Restore the file, or start a new run, which trains a new tokenizer"};
}

std::string withSpaces(std::string_view piece) {
    std::string text;
    while (!piece.empty()) {
        const bool space = piece.starts_with(kSpaceMark);
        text.push_back(space ? ' ' : piece.front());
        piece.remove_prefix(space ? kSpaceMark.size() : 1);
    }
    return text;
}

class Sentences final : public sp::SentenceIterator {
public:
    Sentences(const std::vector<std::string>& sentences, const std::function<bool()>& stopped)
        : m_sentences(sentences), m_stopped(stopped) {}

    bool done() const override { return m_cancelled || m_index >= m_sentences.size(); }
    void Next() override {
        ++m_index;
        if (m_index % 1024 == 0 && m_stopped && m_stopped())
            m_cancelled = true;
    }
    const std::string& value() const override { return m_sentences[m_index]; }
    sp::util::Status status() const override {
        return m_cancelled ? sp::util::Status(sp::util::StatusCode::kCancelled, "cancelled") : sp::util::Status();
    }
    bool cancelled() const { return m_cancelled; }

private:
    const std::vector<std::string>& m_sentences;
    const std::function<bool()>& m_stopped;
    size_t m_index = 0;
    bool m_cancelled = false;
};

}  // namespace

SentencePieceModel::SentencePieceModel() = default;
SentencePieceModel::~SentencePieceModel() = default;

Result<std::shared_ptr<const SentencePieceModel>> SentencePieceModel::load(std::string serialized,
                                                                           const std::string& origin) {
    // The constructor is private, so make_shared cannot reach it.
    std::shared_ptr<SentencePieceModel> model(new SentencePieceModel);
    model->m_serialized = std::move(serialized);
    model->m_processor = std::make_unique<sp::SentencePieceProcessor>();
    if (model->m_serialized.empty())
        return unusableModel(origin, "the file is empty");
    if (const auto status = model->m_processor->LoadFromSerializedProto(model->m_serialized); !status.ok())
        return unusableModel(origin, status.message());
    GSST_TRY(model->readPieces(origin));
    return std::shared_ptr<const SentencePieceModel>(std::move(model));
}

Status SentencePieceModel::readPieces(const std::string& origin) {
    const int size = m_processor->GetPieceSize();
    m_byteIds.fill(-1);
    m_pieces.resize(static_cast<size_t>(std::max(size, 0)));
    for (int id = 0; id < size; ++id) {
        const std::string& piece = m_processor->IdToPiece(id);
        std::string& text = m_pieces[static_cast<size_t>(id)];
        if (m_processor->IsByte(id)) {
            // Spelled <0x0A>.
            unsigned byte = 0;
            if (piece.size() != 6 || std::from_chars(piece.data() + 3, piece.data() + 5, byte, 16).ec != std::errc())
                return unusableModel(origin, "its byte piece " + piece + " is not spelled <0x..>");
            text.assign(1, static_cast<char>(static_cast<unsigned char>(byte)));
            m_byteIds[byte] = id;
        } else if (!m_processor->IsControl(id) && !m_processor->IsUnknown(id)) {
            text = withSpaces(piece);
            const size_t word = text.find_first_not_of(' ');
            m_piecesStayInWords =
                m_piecesStayInWords && (word == std::string::npos || text.find(' ', word) == std::string::npos);
        }
    }
    if (std::count(m_byteIds.begin(), m_byteIds.end(), -1) != 0)
        return unusableModel(origin, "it has no piece for some of the 256 bytes (byte fallback)");
    m_endOfText = m_processor->eos_id();
    return {};
}

/// What words of one text were encoded to. Words repeat, and the library spends most of its time on setting up a call.
class SentencePieceModel::WordCache {
public:
    explicit WordCache(const sp::SentencePieceProcessor& processor) : m_processor(processor) {}

    const std::vector<int>& encode(std::string_view word) {
        if (m_words.size() == kMostWords)
            m_words.clear();
        const auto [found, inserted] = m_words.try_emplace(std::string(word));
        if (inserted && !m_processor.Encode(absl::string_view(word.data(), word.size()), &found->second).ok())
            found->second.clear();
        return found->second;
    }

private:
    static constexpr size_t kMostWords = 50'000;

    const sp::SentencePieceProcessor& m_processor;
    std::unordered_map<std::string, std::vector<int>> m_words;
};

void SentencePieceModel::encodeWords(std::string_view text, WordCache& cache, std::vector<int32_t>& out) const {
    while (!text.empty()) {
        size_t end = text.size();
        if (m_piecesStayInWords)
            // A word has its spaces in front. No merge can reach over its end, so words can be encoded one by one.
            end = std::min(text.find(' ', std::min(text.find_first_not_of(' '), text.size())), text.size());
        const std::vector<int>& ids = cache.encode(text.substr(0, end));
        out.insert(out.end(), ids.begin(), ids.end());
        text.remove_prefix(end);
    }
}

void SentencePieceModel::encodeLine(std::string_view line, WordCache& cache, std::vector<int32_t>& out) const {
    // A space mark in the text itself must not become a space: it is spelled in bytes.
    for (size_t mark = line.find(kSpaceMark); mark != std::string_view::npos; mark = line.find(kSpaceMark)) {
        encodeWords(line.substr(0, mark), cache, out);
        for (const char c : kSpaceMark)
            out.push_back(m_byteIds[static_cast<unsigned char>(c)]);
        line.remove_prefix(mark + kSpaceMark.size());
    }
    encodeWords(line, cache, out);
}

void SentencePieceModel::encode(std::string_view text, std::vector<int32_t>& out) const {
    WordCache cache(*m_processor);
    for (;;) {
        const size_t newline = text.find('\n');
        encodeLine(text.substr(0, newline), cache, out);
        if (newline == std::string_view::npos)
            return;
        // Line feeds are in no piece but their byte's.
        out.push_back(m_byteIds['\n']);
        text.remove_prefix(newline + 1);
    }
}

Result<std::string> trainSentencePieceBpe(const std::vector<std::string>& sentences, int64_t vocabulary,
                                          const std::function<bool()>& stopped) {
    const std::unordered_map<std::string, std::string> settings = {{"model_type", "bpe"},
                                                                   {"vocab_size", std::to_string(vocabulary)},
                                                                   {"hard_vocab_limit", "false"},
                                                                   {"byte_fallback", "true"},
                                                                   {"character_coverage", "1.0"},
                                                                   {"normalization_rule_name", "identity"},
                                                                   {"add_dummy_prefix", "false"},
                                                                   {"remove_extra_whitespaces", "false"},
                                                                   {"allow_whitespace_only_pieces", "true"},
                                                                   {"split_digits", "true"},
                                                                   {"unk_id", "0"},
                                                                   {"bos_id", "1"},
                                                                   {"eos_id", "2"},
                                                                   {"pad_id", "-1"},
                                                                   {"num_threads", "1"},
                                                                   {"shuffle_input_sentence", "false"},
                                                                   {"input_sentence_size", "0"},
                                                                   {"max_sentence_length", "1000000"},
                                                                   {"minloglevel", "4"}};
    sp::SetRandomGeneratorSeed(1);
    Sentences iterator(sentences, stopped);
    std::string model;
    const auto status = sp::SentencePieceTrainer::Train(settings, &iterator, &model);
    if (iterator.cancelled() || (stopped && stopped()))
        return cancelled("Training the tokenizer");
    if (!status.ok())
        return Error{ErrorCode::InvalidInput, "The tokenizer could not be trained on this text", "", status.message(),
                     "Choose another vocabulary, more text, or the byte tokenizer"};
    return model;
}

}  // namespace gsst
