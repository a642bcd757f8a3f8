// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace gsst {

/// A shard of tokens is a header of 64 bytes, all numbers little-endian, and then the tokens, nothing else:
///
///     0  8 bytes  "GSSTTOKS"
///     8  u32      version, 1
///    12  u32      bytes of a token: 2 when the vocabulary is at most 65536, else 4
///    16  u64      vocabulary: every token is smaller
///    24  u64      index of the first token in the whole stream
///    32  u64      number of tokens
///    40  u64      XXH3 of the tokens' bytes
///    48  u64      0
///    56  u64      XXH3 of bytes 0 to 55
inline constexpr size_t kShardHeaderBytes = 64;
inline constexpr uint32_t kShardVersion = 1;
inline constexpr uint64_t kLargestShardBytes = uint64_t{256} << 20;

struct ShardHeader {
    uint32_t elementBytes = 2;
    uint64_t vocabulary = 0;
    uint64_t firstToken = 0;
    uint64_t tokens = 0;
    uint64_t sum = 0;
    bool operator==(const ShardHeader&) const = default;
};

inline uint32_t elementBytesFor(uint64_t vocabulary) {
    return vocabulary <= 65536 ? 2 : 4;
}

std::array<std::byte, kShardHeaderBytes> encodeShardHeader(const ShardHeader& header);

/// The header at the start of a shard file of `fileBytes`. Every number is checked, the length of the file against the
/// number of tokens too. Corrupt or NewerVersion, naming `origin`.
Result<ShardHeader> decodeShardHeader(std::span<const std::byte, kShardHeaderBytes> bytes, uint64_t fileBytes,
                                      const std::string& origin);

/// "tokens-0003.bin"
std::string shardFileName(size_t index);
inline constexpr const char* kTokenIndexFile = "index.json";

/// Corrupt: the prepared text at `origin` cannot be used for the reason `why`.
Error corruptTokens(const std::string& origin, const std::string& why);

}  // namespace gsst
