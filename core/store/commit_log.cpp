// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/commit_log.h"

#include "io/io_error.h"

#include <algorithm>
#include <string>
#include <utility>

namespace gsst {

Result<CommitLog> CommitLog::create(FileSystem& files, const std::filesystem::path& path, Caching caching) {
    GSST_ASSIGN(auto file, files.open(path, OpenMode::Create, caching));
    GSST_ASSIGN(auto buffer, AlignedBuffer::create(kSealedBytes));
    CommitLog log(std::move(file), std::move(buffer));
    GSST_TRY(log.m_file->reserve(kFileBytes));
    for (int block = 0; block < kBlocks; ++block)
        GSST_TRY(log.writeBlock(block, CommitRecord{}));
    GSST_TRY(log.sync());
    return log;
}

Result<CommitLog> CommitLog::open(FileSystem& files, const std::filesystem::path& path, OpenMode mode,
                                  Caching caching) {
    GSST_ASSIGN(auto file, files.open(path, mode, caching));
    GSST_ASSIGN(auto buffer, AlignedBuffer::create(kSealedBytes));
    CommitLog log(std::move(file), std::move(buffer));
    for (int block = 0; block < kBlocks; ++block) {
        GSST_ASSIGN(const DecodedRecord decoded, log.readBlock(block));
        if (decoded.seal == Seal::NewerVersion)
            return Error{ErrorCode::NewerVersion, "This run was made by a newer version of GSST Studio", pathText(path),
                         "its commit records have a format that this version does not know",
                         "Update the program, then open the run again"};
        if (decoded.seal == Seal::Good)
            log.m_records[size_t(block)] = decoded.record;
    }
    return log;
}

std::vector<CommitRecord> CommitLog::newestFirst() const {
    std::vector<CommitRecord> records;
    for (const auto& record : m_records)
        if (record && record->generation > 0)
            records.push_back(*record);
    std::ranges::sort(records, std::ranges::greater{}, &CommitRecord::generation);
    return records;
}

std::vector<int> CommitLog::damagedBlocks() const {
    std::vector<int> damaged;
    for (int block = 0; block < kBlocks; ++block)
        if (!m_records[size_t(block)])
            damaged.push_back(block);
    return damaged;
}

bool CommitLog::newestMayBeLost() const {
    return !m_records[size_t(blockOf(nextGeneration()))];
}

uint64_t CommitLog::nextGeneration() const {
    const auto records = newestFirst();
    return records.empty() ? 1 : records.front().generation + 1;
}

Status CommitLog::append(const CommitRecord& record) {
    const int block = blockOf(record.generation);
    GSST_TRY(writeBlock(block, record));
    return sync();
}

Result<bool> CommitLog::stillHolds(const CommitRecord& record) {
    GSST_ASSIGN(const DecodedRecord decoded, readBlock(blockOf(record.generation)));
    return decoded.seal == Seal::Good && decoded.record == record;
}

Result<DecodedRecord> CommitLog::readBlock(int block) {
    const Status read = m_file->read(uint64_t(block) * kSealedBytes, buffer());
    // A file cut short has damaged blocks. A drive that fails to read is no reason to go back to an older state.
    if (!read.ok() && read.error().code == ErrorCode::Corrupt)
        return DecodedRecord{};
    GSST_TRY(read);
    DecodedRecord decoded = decodeRecord(buffer());
    if (decoded.seal == Seal::Good && decoded.record.generation > 0 && blockOf(decoded.record.generation) != block)
        decoded.seal = Seal::Damaged;
    return decoded;
}

Status CommitLog::writeBlock(int block, const CommitRecord& record) {
    encode(record, buffer());
    GSST_TRY(m_file->write(uint64_t(block) * kSealedBytes, buffer()));
    m_records[size_t(block)] = record;
    return {};
}

Result<CommitRecord> readNewestRecord(FileSystem& files, const std::filesystem::path& runFolder) {
    GSST_ASSIGN(const CommitLog log, CommitLog::open(files, runFolder / "HEAD", OpenMode::Read, Caching::Buffered));
    const auto records = log.newestFirst();
    if (records.empty())
        return Error{ErrorCode::NotFound, "The run has no saved state", pathText(runFolder),
                     "it was stopped before its first commit", "Start it again"};
    return records.front();
}

}  // namespace gsst
