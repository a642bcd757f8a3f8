// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "data/content_sum.h"
#include "data/token_format.h"
#include "io/file.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace gsst {

/// Writes a stream of tokens as shards under temporary names; finish() gives them their names. What is not finished is
/// removed by the destructor, so a cancelled or failed job leaves nothing, and whole shards of an earlier job stay as
/// they were. Memory: one buffer of a mebibyte. One thread at a time.
class TokenWriter {
public:
    /// `shardBytes` limits the length of a shard file; at most kLargestShardBytes.
    TokenWriter(FileSystem& files, std::filesystem::path folder, uint64_t vocabulary,
                uint64_t shardBytes = kLargestShardBytes);
    TokenWriter(const TokenWriter&) = delete;
    TokenWriter& operator=(const TokenWriter&) = delete;
    ~TokenWriter();

    /// Appends tokens, all in [0, vocabulary): a greater one is an error (Internal).
    Status append(std::span<const int32_t> tokens);
    /// Completes the last shard, syncs all, removes an old index and names the shards. Afterwards the caller writes the
    /// index.
    Status finish();

    uint64_t tokens() const { return m_tokens; }
    const std::vector<ShardHeader>& shards() const { return m_shards; }

private:
    Status openShard();
    Status flush();
    Status closeShard();
    std::filesystem::path temporaryPath(size_t shard) const;

    FileSystem& m_files;
    std::filesystem::path m_folder;
    uint64_t m_vocabulary;
    uint32_t m_elementBytes;
    uint64_t m_tokensPerShard;
    uint64_t m_tokens = 0;
    std::unique_ptr<File> m_file;  ///< of the shard being written
    ShardHeader m_header;
    ContentSum m_sum;
    uint64_t m_writtenBytes = 0;  ///< of the shard, its header included
    std::vector<std::byte> m_buffer;
    std::vector<ShardHeader> m_shards;
    size_t m_temporaries = 0;  ///< files made so far
    bool m_finished = false;
};

}  // namespace gsst
