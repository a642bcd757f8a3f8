// SPDX-License-Identifier: GPL-3.0-or-later
#include "data/tokenizer.h"

#include "data/content_sum.h"
#include "data/sentence_piece.h"
#include "io/io_error.h"

#include <nlohmann/json.hpp>

#include <array>

namespace gsst {
namespace {

constexpr int kTokenizerVersion = 1;
constexpr const char* kDescriptionFile = "gsst_tokenizer.json";
constexpr const char* kModelFile = "tokenizer.model";
constexpr uint64_t kDescriptionLimit = 64 * 1024;
constexpr uint64_t kModelLimit = 64u << 20;
constexpr const char* kBytesName = "bytes";
constexpr const char* kSentencePieceName = "sentencepiece-bpe";

constexpr std::array<char, 256> allBytes() {
    std::array<char, 256> bytes{};
    for (size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<char>(static_cast<unsigned char>(i));
    return bytes;
}
constexpr std::array<char, 256> kAllBytes = allBytes();

Error corrupt(const std::filesystem::path& path, const std::string& why) {
    return {ErrorCode::Corrupt, "The tokenizer of this run cannot be read", pathText(path), why,
            "Restore the tokenizer folder from a copy; without it the model's tokens have no meaning"};
}

}  // namespace

Tokenizer::Tokenizer(TokenizerKind kind, std::shared_ptr<const SentencePieceModel> model)
    : m_kind(kind), m_model(std::move(model)) {}

Tokenizer Tokenizer::bytes() {
    return {TokenizerKind::Bytes, nullptr};
}

Result<Tokenizer> Tokenizer::fromSentencePiece(std::string model, const std::string& origin) {
    GSST_ASSIGN(auto loaded, SentencePieceModel::load(std::move(model), origin));
    return Tokenizer(TokenizerKind::SentencePieceBpe, std::move(loaded));
}

Result<Tokenizer> Tokenizer::load(FileSystem& files, const std::filesystem::path& folder) {
    const std::filesystem::path path = folder / kDescriptionFile;
    GSST_ASSIGN(const std::string text, readText(files, path, kDescriptionLimit));
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object())
        return corrupt(path, "it is not a JSON object");
    const auto version = json.find("version");
    if (version == json.end() || !version->is_number_integer())
        return corrupt(path, "it has no version");
    if (version->get<int64_t>() > kTokenizerVersion)
        return Error{ErrorCode::NewerVersion, "The tokenizer was written by a newer version of this program",
                     pathText(path), "its format has version " + version->dump(), "Update the program"};
    const auto kind = json.find("kind");
    if (kind == json.end() || (*kind != kBytesName && *kind != kSentencePieceName))
        return corrupt(path, "its kind is not known");
    if (*kind == kBytesName)
        return bytes();
    const std::filesystem::path modelPath = folder / kModelFile;
    GSST_ASSIGN(std::string model, readText(files, modelPath, kModelLimit));
    // Checked before the library parses it: the library trusts its input.
    const auto hash = json.find("hash");
    if (hash == json.end() || *hash != contentSum(model))
        return corrupt(modelPath, "its checksum is not the one that was written with it");
    return fromSentencePiece(std::move(model), pathText(modelPath));
}

Status Tokenizer::save(FileSystem& files, const std::filesystem::path& folder) const {
    GSST_TRY(files.makeFolders(folder));
    if (m_model)
        GSST_TRY(writeTextAtomically(files, folder / kModelFile, m_model->serialized()));
    nlohmann::ordered_json json;
    json["version"] = kTokenizerVersion;
    json["kind"] = m_model ? kSentencePieceName : kBytesName;
    json["vocabulary"] = vocabularySize();
    json["hash"] = hash();
    return writeTextAtomically(files, folder / kDescriptionFile, json.dump(2) + "\n");
}

int64_t Tokenizer::vocabularySize() const {
    return m_model ? static_cast<int64_t>(m_model->pieces().size()) : 256;
}

std::optional<int32_t> Tokenizer::endOfText() const {
    if (!m_model || m_model->endOfText() < 0)
        return std::nullopt;
    return m_model->endOfText();
}

std::string Tokenizer::hash() const {
    return contentSum(m_model ? std::string_view(m_model->serialized()) : kBytesName);
}

std::vector<int32_t> Tokenizer::encode(std::string_view text) const {
    std::vector<int32_t> tokens;
    encodeTo(text, tokens);
    return tokens;
}

void Tokenizer::encodeTo(std::string_view text, std::vector<int32_t>& out) const {
    if (m_model) {
        m_model->encode(text, out);
        return;
    }
    for (const char c : text)
        out.push_back(static_cast<unsigned char>(c));
}

std::string Tokenizer::decode(std::span<const int32_t> tokens) const {
    std::string text;
    for (const int32_t token : tokens)
        text += pieceBytes(token);
    return text;
}

std::string_view Tokenizer::pieceBytes(int32_t token) const {
    if (token < 0 || token >= vocabularySize())
        return {};
    const auto index = static_cast<size_t>(token);
    return m_model ? std::string_view(m_model->pieces()[index]) : std::string_view(&kAllBytes[index], 1);
}

int64_t suggestedVocabulary(uint64_t textBytes) {
    constexpr uint64_t kMegabyte = 1'000'000;
    if (textBytes < kMegabyte)
        return 1024;
    if (textBytes < 10 * kMegabyte)
        return 2048;
    if (textBytes < 100 * kMegabyte)
        return 8192;
    return textBytes < 1000 * kMegabyte ? 16384 : 32768;
}

}  // namespace gsst
