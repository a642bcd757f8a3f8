// SPDX-License-Identifier: GPL-3.0-or-later
#include "data/token_store.h"

#include "data/content_sum.h"
#include "data/token_format.h"
#include "io/file.h"
#include "io/io_error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

namespace gsst {
namespace {

using Json = nlohmann::json;

constexpr int64_t kIndexVersion = 1;
constexpr uint64_t kIndexLimit = 64u << 20;
constexpr uint64_t kMostTokens = uint64_t{1} << 60;
constexpr size_t kPieceBytes = size_t{1} << 20;
constexpr size_t kWindowBytes = 4096;

std::optional<uint64_t> numberAt(const Json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_number_unsigned())
        return std::nullopt;
    return found->get<uint64_t>();
}

std::optional<std::string> textAt(const Json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_string())
        return std::nullopt;
    return found->get<std::string>();
}

struct IndexedShard {
    uint64_t tokens = 0;
    std::string sum;
};

struct Index {
    uint64_t tokens = 0;
    uint64_t vocabulary = 0;
    std::string tokenizer;
    std::vector<IndexedShard> shards;
};

Result<Index> parseIndex(const std::string& text, const std::string& origin) {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object())
        return corruptTokens(origin, "it is not a JSON object");
    const auto version = numberAt(json, "version");
    if (version && *version > kIndexVersion)
        return Error{ErrorCode::NewerVersion, "The prepared text was written by a newer version of this program",
                     origin, "its format has version " + std::to_string(*version), "Update the program"};
    const auto tokens = numberAt(json, "tokens");
    const auto vocabulary = numberAt(json, "vocabulary");
    const auto tokenizer = textAt(json, "tokenizer");
    const auto shards = json.find("shards");
    if (!version || !tokens || !vocabulary || !tokenizer || shards == json.end() || !shards->is_array() ||
        shards->empty())
        return corruptTokens(origin,
                             "version, tokens, vocabulary, tokenizer or shards is missing or has the wrong type");
    Index index{*tokens, *vocabulary, *tokenizer, {}};
    uint64_t sum = 0;
    for (size_t i = 0; i < shards->size(); ++i) {
        const Json& shard = (*shards)[i];
        const auto count = shard.is_object() ? numberAt(shard, "tokens") : std::nullopt;
        const auto content = shard.is_object() ? textAt(shard, "sum") : std::nullopt;
        // The names follow from the order; a name from a file could point anywhere.
        if (!count || !content || textAt(shard, "file") != shardFileName(i) || *count == 0 ||
            *count > kLargestShardBytes)
            return corruptTokens(origin, "its entry for shard " + std::to_string(i) + " is wrong");
        sum += *count;
        index.shards.push_back({*count, *content});
    }
    if (sum != index.tokens || sum > kMostTokens)
        return corruptTokens(origin, "its shards add up to " + std::to_string(sum) + " tokens, but it says " +
                                         std::to_string(*tokens));
    return index;
}

Result<uint64_t> sumOfTokens(const MappedFile& file) {
    std::vector<std::byte> piece(kPieceBytes);
    ContentSum sum;
    for (uint64_t at = kShardHeaderBytes; at < file.size();) {
        const auto part = std::span(piece).first(std::min<uint64_t>(piece.size(), file.size() - at));
        GSST_TRY(file.copy(at, part));
        sum.add(part);
        at += part.size();
    }
    return sum.value();
}

}  // namespace

Result<TokenStore> TokenStore::open(const std::filesystem::path& folder, Verify verify) {
    const std::filesystem::path path = folder / kTokenIndexFile;
    GSST_ASSIGN(const std::string text, readText(osFileSystem(), path, kIndexLimit));
    GSST_ASSIGN(const Index index, parseIndex(text, pathText(path)));
    TokenStore store;
    if (index.vocabulary == 0 || index.vocabulary > static_cast<uint64_t>(std::numeric_limits<int32_t>::max()))
        return corruptTokens(pathText(path), "its vocabulary is " + std::to_string(index.vocabulary));
    store.m_vocabulary = static_cast<int64_t>(index.vocabulary);
    store.m_tokenizerHash = index.tokenizer;
    for (size_t i = 0; i < index.shards.size(); ++i)
        GSST_TRY(store.addShard(folder / shardFileName(i), index.shards[i].tokens, index.shards[i].sum, verify));
    return store;
}

Status TokenStore::addShard(const std::filesystem::path& path, uint64_t tokens, const std::string& sum, Verify verify) {
    const std::string origin = pathText(path);
    GSST_ASSIGN(MappedFile file, MappedFile::open(path));
    std::array<std::byte, kShardHeaderBytes> start{};
    GSST_TRY(file.copy(0, std::span(start).first(std::min<uint64_t>(start.size(), file.size()))));
    GSST_ASSIGN(const ShardHeader header, decodeShardHeader(start, file.size(), origin));
    if (header.tokens != tokens || header.firstToken != static_cast<uint64_t>(m_size) || sumText(header.sum) != sum ||
        header.vocabulary != static_cast<uint64_t>(m_vocabulary))
        return corruptTokens(origin, "its header does not agree with index.json");
    if (verify == Verify::Everything) {
        GSST_ASSIGN(const uint64_t found, sumOfTokens(file));
        if (found != header.sum)
            return corruptTokens(origin, "the checksum of its tokens is wrong");
    }
    const auto count = static_cast<int64_t>(tokens);
    m_shards.push_back(std::make_shared<const Shard>(Shard{std::move(file), m_size, count, header.elementBytes}));
    m_size += count;
    return {};
}

Status TokenStore::read(int64_t start, std::span<int32_t> into) const {
    const auto count = static_cast<int64_t>(into.size());
    if (start < 0 || count > m_size || start > m_size - count)
        return Error{ErrorCode::InvalidInput, "The prepared text ends before", "",
                     std::to_string(count) + " tokens from number " + std::to_string(start) +
                         " on were asked for, but there are " + std::to_string(m_size),
                     "Use more text or shorter sequences"};
    auto shard = std::upper_bound(m_shards.begin(), m_shards.end(), start,
                                  [](int64_t token, const auto& candidate) { return token < candidate->first; });
    for (--shard; !into.empty(); ++shard) {
        const auto part = static_cast<size_t>(
            std::min<int64_t>(static_cast<int64_t>(into.size()), (*shard)->first + (*shard)->count - start));
        GSST_TRY(readShard(**shard, start, into.first(part)));
        into = into.subspan(part);
        start += static_cast<int64_t>(part);
    }
    return {};
}

Status TokenStore::readShard(const Shard& shard, int64_t start, std::span<int32_t> into) const {
    std::array<std::byte, kWindowBytes> buffer;  // the windows of training need one or two
    uint64_t at = kShardHeaderBytes + static_cast<uint64_t>(start - shard.first) * shard.elementBytes;
    while (!into.empty()) {
        const auto part = into.first(std::min(into.size(), buffer.size() / shard.elementBytes));
        const auto bytes = std::span(buffer).first(part.size() * shard.elementBytes);
        GSST_TRY(shard.file.copy(at, bytes));
        GSST_TRY(decode(shard, bytes, part));
        at += bytes.size();
        into = into.subspan(part.size());
    }
    return {};
}

Status TokenStore::decode(const Shard& shard, std::span<const std::byte> bytes, std::span<int32_t> into) const {
    const std::byte* next = bytes.data();
    for (int32_t& out : into) {
        uint32_t token = 0;
        for (uint32_t i = 0; i < shard.elementBytes; ++i)
            token |= static_cast<uint32_t>(next[i]) << (8 * i);
        next += shard.elementBytes;
        if (token >= static_cast<uint64_t>(m_vocabulary))
            return corruptTokens(pathText(shard.file.path()), "it holds token " + std::to_string(token) +
                                                                  " in a vocabulary of " +
                                                                  std::to_string(m_vocabulary));
        out = static_cast<int32_t>(token);
    }
    return {};
}

Result<TokenSplit> splitTokens(int64_t tokens, double validationShare, int64_t sequenceLength) {
    const double share = std::clamp(validationShare, 0.0, 1.0);
    TokenSplit split;
    split.train = static_cast<int64_t>(std::floor(static_cast<double>(tokens) * (1.0 - share)));
    split.validation = tokens - split.train;
    const auto tooShort = [&](const std::string& part, int64_t has, const std::string& needed) {
        return Error{ErrorCode::InvalidInput, "There is too little text", "",
                     "the text has " + std::to_string(tokens) + " tokens, " + std::to_string(has) + " of them for " +
                         part + ", which needs at least " + needed,
                     "Add more text, or choose shorter sequences or another validation share"};
    };
    if (split.train < sequenceLength + 1)
        return tooShort("training", split.train,
                        std::to_string(sequenceLength + 1) + " (one sequence of " + std::to_string(sequenceLength) +
                            " and the token after it)");
    if (share > 0 && split.validation < 2)
        return tooShort("validation", split.validation, "2");
    return split;
}

}  // namespace gsst
