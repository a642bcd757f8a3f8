// SPDX-License-Identifier: GPL-3.0-or-later
#include "data/prepare_tokens.h"

#include "base/cancelled.h"
#include "data/content_sum.h"
#include "data/text_reader.h"
#include "data/token_writer.h"
#include "data/utf8.h"
#include "io/io_error.h"

#include <nlohmann/json.hpp>

namespace gsst {
namespace {

constexpr int kIndexVersion = 1;

class Preparation {
public:
    Preparation(FileSystem& files, const Tokenizer& tokenizer, TokenWriter& writer,
                const DataProgressCallback& progress, const std::stop_token& stop)
        : m_files(files), m_tokenizer(tokenizer), m_writer(writer), m_progress(progress), m_stop(stop) {}

    Status addAll(const std::vector<TextFile>& sources) {
        for (const TextFile& source : sources)
            m_totalBytes += source.usable() ? source.bytes : 0;
        for (const TextFile& source : sources)
            if (source.usable())
                GSST_TRY(addDocument(source.path));
        if (m_stop.stop_requested())
            return cancelled("Encoding the text");
        return {};
    }

    PreparedTokens take() {
        m_result.tokens = m_writer.tokens();
        return std::move(m_result);
    }

private:
    Status addDocument(const std::filesystem::path& path) {
        const TextMode mode = m_tokenizer.kind() == TokenizerKind::Bytes ? TextMode::RawBytes : TextMode::Utf8;
        GSST_ASSIGN(TextReader reader, TextReader::open(m_files, path, mode));
        bool first = true;
        for (;;) {
            if (m_stop.stop_requested())
                return cancelled("Encoding the text");
            GSST_ASSIGN(const std::string_view piece, reader.next());
            if (piece.empty())
                break;
            m_tokens.clear();
            if (first && m_result.documents++ > 0 && m_tokenizer.endOfText())
                m_tokens.push_back(*m_tokenizer.endOfText());
            first = false;
            m_tokenizer.encodeTo(piece, m_tokens);
            GSST_TRY(m_writer.append(m_tokens));
            if (m_progress)
                m_progress({"Encoding the text", m_result.textBytes + reader.bytesRead(), m_totalBytes, "bytes"});
        }
        m_result.textBytes += reader.fileBytes();
        m_result.invalidUtf8Bytes += reader.invalidBytes();
        if (reader.firstInvalid() && m_result.warnings.empty())
            m_result.warnings.push_back(invalidUtf8Warning(path, *reader.firstInvalid(), reader.invalidBytes()));
        return {};
    }

    FileSystem& m_files;
    const Tokenizer& m_tokenizer;
    TokenWriter& m_writer;
    const DataProgressCallback& m_progress;
    const std::stop_token& m_stop;
    std::vector<int32_t> m_tokens;
    uint64_t m_totalBytes = 0;
    PreparedTokens m_result;
};

std::string indexText(const std::vector<TextFile>& sources, const Tokenizer& tokenizer, const TokenWriter& writer,
                      const PreparedTokens& prepared) {
    nlohmann::ordered_json json;
    json["version"] = kIndexVersion;
    json["tokens"] = writer.tokens();
    json["vocabulary"] = tokenizer.vocabularySize();
    json["tokenizer"] = tokenizer.hash();
    json["documents"] = prepared.documents;
    json["invalid_utf8_bytes"] = prepared.invalidUtf8Bytes;
    json["shards"] = nlohmann::ordered_json::array();
    for (size_t i = 0; i < writer.shards().size(); ++i) {
        const ShardHeader& shard = writer.shards()[i];
        json["shards"].push_back({{"file", shardFileName(i)}, {"tokens", shard.tokens}, {"sum", sumText(shard.sum)}});
    }
    json["sources"] = nlohmann::ordered_json::array();
    for (const TextFile& source : sources)
        if (source.usable())
            json["sources"].push_back({{"path", toValidUtf8(pathText(source.path))}, {"bytes", source.bytes}});
    return json.dump(2) + "\n";
}

}  // namespace

Result<PreparedTokens> prepareTokens(FileSystem& files, const std::vector<TextFile>& sources,
                                     const Tokenizer& tokenizer, const std::filesystem::path& folder,
                                     const DataProgressCallback& progress, std::stop_token stop, uint64_t shardBytes) {
    GSST_TRY(requireUsableText(sources));
    GSST_TRY(files.makeFolders(folder));
    TokenWriter writer(files, folder, static_cast<uint64_t>(tokenizer.vocabularySize()), shardBytes);
    Preparation preparation(files, tokenizer, writer, progress, stop);
    GSST_TRY(preparation.addAll(sources));
    const PreparedTokens prepared = preparation.take();
    if (prepared.tokens == 0)
        return Error{ErrorCode::InvalidInput, "The text is empty", "", "the files hold no characters",
                     "Name files with text"};
    GSST_TRY(writer.finish());
    GSST_TRY(writeTextAtomically(files, folder / kTokenIndexFile, indexText(sources, tokenizer, writer, prepared)));
    return prepared;
}

}  // namespace gsst
