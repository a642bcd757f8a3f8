// SPDX-License-Identifier: GPL-3.0-or-later
#include "data/tokenizer_trainer.h"

#include "base/cancelled.h"
#include "data/sentence_piece.h"
#include "data/text_reader.h"
#include "data/utf8.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace gsst {
namespace {

constexpr size_t kLongestSentence = 4096;
constexpr int64_t kFixedPieces = 259;  ///< <unk>, <s>, </s> and the 256 bytes
constexpr double kUsualCoverage = 0.9995;

/// Gathers sentences up to a number of bytes, evenly spread over a text of known length.
class SentenceSample {
public:
    SentenceSample(uint64_t textBytes, uint64_t limit)
        : m_textBytes(std::max<uint64_t>(textBytes, 1)), m_limit(limit) {}

    /// `position`: where in the whole text `text` begins, roughly.
    void add(std::string_view text, uint64_t position) {
        const size_t size = text.size();
        while (!text.empty()) {
            std::string_view line = text.substr(0, text.find('\n'));
            const uint64_t at = position + (size - text.size());
            text.remove_prefix(std::min(line.size() + 1, text.size()));
            while (!line.empty()) {
                const std::string_view sentence = line.substr(0, utf8Floor(line, kLongestSentence));
                line.remove_prefix(sentence.size());
                // Taking a sentence whenever the sample lags behind its share treats long and short ones alike.
                if (lags(at))
                    take(sentence);
            }
        }
    }

    const std::vector<std::string>& sentences() const { return m_sentences; }

private:
    bool lags(uint64_t position) const {
        if (m_textBytes <= m_limit)
            return true;
        const double share = static_cast<double>(position) / static_cast<double>(m_textBytes);
        return static_cast<double>(m_bytes) <= share * static_cast<double>(m_limit);
    }

    /// Tabs, space marks and the library's own marks are no part of any piece; they are spelled in bytes later.
    void take(std::string_view sentence) {
        constexpr std::string_view kUnknownMark = "\xE2\x96\x85";
        m_bytes += sentence.size();
        while (!sentence.empty()) {
            const size_t tab = sentence.find('\t');
            const size_t mark = std::min(sentence.find(kSpaceMark), sentence.find(kUnknownMark));
            const size_t end = std::min(tab, mark);
            if (end != 0)
                m_sentences.emplace_back(sentence.substr(0, end));
            if (end == std::string_view::npos)
                return;
            sentence.remove_prefix(end + (end == tab ? 1 : kSpaceMark.size()));
        }
    }

    uint64_t m_textBytes;
    uint64_t m_limit;
    uint64_t m_bytes = 0;
    std::vector<std::string> m_sentences;
};

using Characters = std::set<std::string_view>;

/// The most frequent characters of the sentences, as views into them: those of the usual coverage, but no more than
/// `room`.
Characters frequentCharacters(const std::vector<std::string>& sentences, size_t room) {
    std::map<std::string_view, uint64_t> counts;
    uint64_t total = 0;
    for (const std::string& sentence : sentences)
        for (std::string_view rest = sentence; !rest.empty(); rest.remove_prefix(nextUtf8(rest).bytes)) {
            ++counts[rest.substr(0, nextUtf8(rest).bytes)];
            ++total;
        }
    std::vector<std::pair<std::string_view, uint64_t>> ordered(counts.begin(), counts.end());
    std::stable_sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    Characters kept;
    uint64_t covered = 0;
    for (const auto& [character, count] : ordered) {
        if (kept.size() == room || static_cast<double>(covered) >= kUsualCoverage * static_cast<double>(total))
            break;
        kept.insert(character);
        covered += count;
    }
    return kept;
}

/// The sentences cut at every character that is not frequent; these get no piece and are spelled in bytes. The library
/// has a setting for that, but it refuses to leave out more than 2%, and a text in a large script needs more in a small
/// vocabulary.
std::vector<std::string> withoutRareCharacters(const std::vector<std::string>& sentences, int64_t vocabulary) {
    const auto room = static_cast<size_t>((vocabulary - kFixedPieces) / 2);
    const Characters kept = frequentCharacters(sentences, room);
    std::vector<std::string> cut;
    for (const std::string& sentence : sentences) {
        cut.emplace_back();
        for (std::string_view rest = sentence; !rest.empty(); rest.remove_prefix(nextUtf8(rest).bytes)) {
            const std::string_view character = rest.substr(0, nextUtf8(rest).bytes);
            if (kept.contains(character))
                cut.back() += character;
            else if (!cut.back().empty())
                cut.emplace_back();
        }
        if (cut.back().empty())
            cut.pop_back();
    }
    return cut;
}

Status gather(FileSystem& files, const std::vector<TextFile>& sources, uint64_t textBytes, SentenceSample& sample,
              const DataProgressCallback& progress, const std::stop_token& stop) {
    uint64_t before = 0;
    for (const TextFile& source : sources) {
        if (!source.usable())
            continue;
        GSST_ASSIGN(TextReader reader, TextReader::open(files, source.path, TextMode::Utf8));
        for (uint64_t position = before;;) {
            if (stop.stop_requested())
                return cancelled("Training the tokenizer");
            GSST_ASSIGN(const std::string_view piece, reader.next());
            if (piece.empty())
                break;
            sample.add(piece, position);
            position = before + reader.bytesRead();
            if (progress)
                progress({"Reading text for the tokenizer", position, textBytes, "bytes"});
        }
        before += reader.fileBytes();
    }
    return {};
}

}  // namespace

Result<TrainedTokenizer> trainTokenizer(FileSystem& files, const std::vector<TextFile>& sources,
                                        const TokenizerTraining& settings, const DataProgressCallback& progress,
                                        std::stop_token stop) {
    GSST_TRY(requireUsableText(sources));
    if (settings.vocabulary < kSmallestVocabulary)
        return Error{ErrorCode::InvalidInput, "The vocabulary is too small", "model.vocabulary",
                     "it is " + std::to_string(settings.vocabulary) +
                         ", and a SentencePiece tokenizer needs at least " + std::to_string(kSmallestVocabulary),
                     "Choose a larger vocabulary, or the byte tokenizer"};
    uint64_t textBytes = 0;
    for (const TextFile& source : sources)
        textBytes += source.usable() ? source.bytes : 0;
    SentenceSample sample(textBytes, settings.sampleBytes);
    GSST_TRY(gather(files, sources, textBytes, sample, progress, stop));
    if (sample.sentences().empty())
        return Error{ErrorCode::InvalidInput, "There is no text to train a tokenizer on", "",
                     "the files hold nothing but line breaks", "Name files with text"};
    if (progress)
        progress({"Training the tokenizer", 0, 0, ""});
    const auto stopped = [&stop] { return stop.stop_requested(); };
    const std::vector<std::string> sentences = withoutRareCharacters(sample.sentences(), settings.vocabulary);
    GSST_ASSIGN(std::string model, trainSentencePieceBpe(sentences, settings.vocabulary, stopped));
    GSST_ASSIGN(Tokenizer tokenizer, Tokenizer::fromSentencePiece(std::move(model), "the new tokenizer"));
    TrainedTokenizer trained{std::move(tokenizer), {}};
    const int64_t size = trained.tokenizer.vocabularySize();
    if (size > settings.vocabulary)
        return Error{ErrorCode::Internal, "The tokenizer is larger than its vocabulary", "",
                     std::to_string(size) + " tokens", ""};
    if (size < settings.vocabulary)
        trained.warnings.push_back("The text is too small for a vocabulary of " + std::to_string(settings.vocabulary) +
                                   " tokens; the tokenizer has " + std::to_string(size) +
                                   ", the other rows of the model stay unused");
    return trained;
}

}  // namespace gsst
