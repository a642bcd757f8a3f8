// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "io/aligned_buffer.h"
#include "io/file.h"
#include "store/commit_record.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

namespace gsst {

/// HEAD: a ring of the last eight commit records, each in a block of its own, so that writing one never endangers
/// another. One thread.
class CommitLog {
public:
    static constexpr int kBlocks = 8;
    static constexpr uint64_t kFileBytes = kBlocks * kSealedBytes;

    /// Makes the file with eight empty records and syncs it.
    static Result<CommitLog> create(FileSystem& files, const std::filesystem::path& path, Caching caching);
    /// Reads the ring. Damaged blocks are left out, see damagedBlocks(); a newer format version anywhere is
    /// NewerVersion.
    static Result<CommitLog> open(FileSystem& files, const std::filesystem::path& path, OpenMode mode, Caching caching);

    /// The intact records, newest first. Whether their slots still match is not known here.
    std::vector<CommitRecord> newestFirst() const;
    /// Numbers (0 to 7) of the blocks that were damaged when the ring was opened.
    std::vector<int> damagedBlocks() const;
    /// Whether a record newer than all intact ones may have been there: its block is damaged.
    bool newestMayBeLost() const;
    uint64_t nextGeneration() const;

    /// Writes `record` to the block of its generation and syncs. After an error it is unknown whether it is there.
    Status append(const CommitRecord& record);
    Status sync() { return m_file->sync(); }
    /// Reads the block of `record` again and compares.
    Result<bool> stillHolds(const CommitRecord& record);

private:
    CommitLog(std::unique_ptr<File> file, AlignedBuffer buffer)
        : m_file(std::move(file)), m_buffer(std::move(buffer)) {}

    static int blockOf(uint64_t generation) { return int(generation % kBlocks); }
    std::span<std::byte, kSealedBytes> buffer() const { return m_buffer.span().first<kSealedBytes>(); }
    Result<DecodedRecord> readBlock(int block);
    Status writeBlock(int block, const CommitRecord& record);

    std::unique_ptr<File> m_file;
    AlignedBuffer m_buffer;
    std::array<std::optional<CommitRecord>, kBlocks> m_records;  ///< nothing = damaged
};

/// The newest intact record of a run, read without touching anything: for lists of runs, also while another process
/// trains. NotFound if the folder holds no HEAD or nothing was committed yet.
Result<CommitRecord> readNewestRecord(FileSystem& files, const std::filesystem::path& runFolder);

}  // namespace gsst
