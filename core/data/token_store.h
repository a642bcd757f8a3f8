// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "io/mapped_file.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace gsst {

/// The prepared text of a run: one long stream of tokens in memory-mapped shards. Immutable and thread-safe; copies
/// share the mapping.
class TokenStore {
public:
    /// How much open() reads.
    enum class Verify {
        Everything,  ///< the sums of all tokens too: reads the whole store once
        Structure    ///< index, headers and lengths
    };

    /// Opens what prepareTokens() wrote. NotFound, Corrupt (naming the file) or NewerVersion.
    static Result<TokenStore> open(const std::filesystem::path& folder, Verify verify = Verify::Everything);

    int64_t size() const { return m_size; }
    int64_t vocabulary() const { return m_vocabulary; }
    const std::string& tokenizerHash() const { return m_tokenizerHash; }  ///< Tokenizer::hash() of what encoded it

    /// Fills all of `into` from token `start`. Corrupt if a token is not below vocabulary(), or if a shard was
    /// shortened since it was opened; Io if its medium is gone; a range outside the store is InvalidInput.
    Status read(int64_t start, std::span<int32_t> into) const;

private:
    struct Shard {
        MappedFile file;
        int64_t first = 0;
        int64_t count = 0;
        uint32_t elementBytes = 2;
    };
    TokenStore() = default;
    Status addShard(const std::filesystem::path& path, uint64_t tokens, const std::string& sum, Verify verify);
    Status readShard(const Shard& shard, int64_t start, std::span<int32_t> into) const;
    Status decode(const Shard& shard, std::span<const std::byte> bytes, std::span<int32_t> into) const;

    std::vector<std::shared_ptr<const Shard>> m_shards;  ///< in order, none empty
    int64_t m_size = 0;
    int64_t m_vocabulary = 0;
    std::string m_tokenizerHash;
};

/// The first part of the stream is trained on, the rest is for validation.
struct TokenSplit {
    int64_t train = 0;       ///< tokens [0, train)
    int64_t validation = 0;  ///< tokens [train, train + validation)
};

/// train = floor(tokens * (1 - validationShare)). InvalidInput, with the numbers there are and the numbers needed, when
/// the training part has no window of sequenceLength + 1 tokens, or when validationShare > 0 leaves fewer than 2
/// validation tokens.
Result<TokenSplit> splitTokens(int64_t tokens, double validationShare, int64_t sequenceLength);

}  // namespace gsst
