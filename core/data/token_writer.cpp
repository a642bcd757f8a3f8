// SPDX-License-Identifier: GPL-3.0-or-later
#include "data/token_writer.h"

#include <algorithm>

namespace gsst {
namespace {

constexpr size_t kBufferBytes = 1u << 20;

}  // namespace

TokenWriter::TokenWriter(FileSystem& files, std::filesystem::path folder, uint64_t vocabulary, uint64_t shardBytes)
    : m_files(files), m_folder(std::move(folder)), m_vocabulary(vocabulary),
      m_elementBytes(elementBytesFor(vocabulary)) {
    const uint64_t limit = std::clamp<uint64_t>(shardBytes, kShardHeaderBytes + m_elementBytes, kLargestShardBytes);
    m_tokensPerShard = (limit - kShardHeaderBytes) / m_elementBytes;
    m_buffer.reserve(kBufferBytes);
}

TokenWriter::~TokenWriter() {
    if (m_finished)
        return;
    m_file.reset();
    // Best effort: the error that led here is the one worth reporting.
    for (size_t i = 0; i < m_temporaries; ++i)
        static_cast<void>(m_files.remove(temporaryPath(i)));
}

std::filesystem::path TokenWriter::temporaryPath(size_t shard) const {
    return m_folder / (shardFileName(shard) + ".part");
}

Status TokenWriter::openShard() {
    const std::filesystem::path path = temporaryPath(m_shards.size());
    GSST_TRY(m_files.remove(path));
    m_temporaries = m_shards.size() + 1;
    GSST_ASSIGN(m_file, m_files.open(path, OpenMode::Create, Caching::Buffered));
    m_header = {m_elementBytes, m_vocabulary, m_tokens, 0, 0};
    m_sum = ContentSum();
    m_writtenBytes = kShardHeaderBytes;
    return {};
}

Status TokenWriter::flush() {
    if (m_buffer.empty())
        return {};
    GSST_TRY(m_file->write(m_writtenBytes, m_buffer));
    m_sum.add(m_buffer);
    m_writtenBytes += m_buffer.size();
    m_buffer.clear();
    return {};
}

Status TokenWriter::closeShard() {
    if (!m_file)
        return {};
    GSST_TRY(flush());
    m_header.sum = m_sum.value();
    GSST_TRY(m_file->write(0, encodeShardHeader(m_header)));
    GSST_TRY(m_file->sync());
    m_file.reset();
    m_shards.push_back(m_header);
    return {};
}

Status TokenWriter::append(std::span<const int32_t> tokens) {
    for (const int32_t token : tokens) {
        const auto value = static_cast<uint32_t>(token);
        if (token < 0 || value >= m_vocabulary)
            return Error{ErrorCode::Internal, "A token is outside the vocabulary", "",
                         std::to_string(token) + " is not in [0, " + std::to_string(m_vocabulary) + ")",
                         "Report this defect"};
        if (!m_file)
            GSST_TRY(openShard());
        for (uint32_t i = 0; i < m_elementBytes; ++i)
            m_buffer.push_back(static_cast<std::byte>((value >> (8 * i)) & 0xFFu));
        ++m_tokens;
        ++m_header.tokens;
        if (m_buffer.size() + sizeof(uint32_t) > kBufferBytes)
            GSST_TRY(flush());
        if (m_header.tokens == m_tokensPerShard)
            GSST_TRY(closeShard());
    }
    return {};
}

Status TokenWriter::finish() {
    GSST_TRY(closeShard());
    // From here to the new index the folder has no index, so a crash cannot make old and new shards look like one set.
    GSST_TRY(m_files.remove(m_folder / kTokenIndexFile));
    GSST_TRY(m_files.syncFolder(m_folder));
    for (size_t i = 0; i < m_shards.size(); ++i)
        GSST_TRY(m_files.rename(temporaryPath(i), m_folder / shardFileName(i)));
    for (size_t i = m_shards.size(); m_files.exists(m_folder / shardFileName(i)); ++i)
        GSST_TRY(m_files.remove(m_folder / shardFileName(i)));
    GSST_TRY(m_files.syncFolder(m_folder));
    m_finished = true;
    return {};
}

}  // namespace gsst
