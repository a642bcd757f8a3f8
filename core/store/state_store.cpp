// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/state_store.h"

#include "io/io_error.h"
#include "store/slot_file.h"

#include <algorithm>
#include <utility>

namespace gsst {

namespace {

constexpr int kNoBlock = -1;

Error defect(std::string what, std::string where, std::string why) {
    return {ErrorCode::Internal, std::move(what), std::move(where), std::move(why),
            "Please report this as a defect, with the log"};
}

}  // namespace

StateStore::StateStore(FileSystem& files, std::filesystem::path runFolder, const TensorTable& table,
                       const StateFormat& format)
    : m_files(files), m_folder(std::move(runFolder)), m_table(table), m_layout(table, format),
      m_sums{SumTable(format), SumTable(format)} {
    m_committed.slot = 1;  // until the first commit: the free slot is 0
}

uint64_t StateStore::bytesOnDisk(const TensorTable& table, const StateFormat& format) {
    return 2 * SlotLayout(table, format).fileBytes() + CommitLog::kFileBytes;
}

Hash128 StateStore::weightsHash() const {
    const StateFormat& format = m_layout.format();
    std::vector<StateKind> needed;
    for (StateKind kind : format.kinds())
        if (format.weightsNeed(kind, format.share().precision))
            needed.push_back(kind);
    return m_sums[size_t(m_committed.slot)].hashOf(needed);
}

std::optional<CommitRecord> StateStore::committedAs(int64_t step) const {
    for (const CommitRecord& record : m_head->newestFirst())
        if (record.step == step && record.slot == m_committed.slot && record.rootHash == m_committed.rootHash)
            return record;
    return std::nullopt;
}

Status StateStore::checkBlock(int slot, int block, StateKind kind, std::span<const std::byte> bytes) const {
    const TensorInfo& tensor = m_table.tensors()[size_t(m_table.blocks()[size_t(block)].tensor)];
    const std::string file = pathText(m_folder / slotName(slot));
    if (bytes.size() != m_layout.blocks(block, 1, kind).bytes)
        return defect("A block of the state was read in part", file, "only whole blocks have a sum");
    if (stateSum(bytes) == m_sums[size_t(slot)].get(block, kind))
        return {};
    return Error{ErrorCode::Corrupt, "The saved state is damaged", file,
                 std::string("the ") + nameOf(kind) + " of " + tensor.name + " (part " +
                     std::to_string(block - tensor.firstBlock + 1) + " of " + std::to_string(tensor.blockCount) +
                     ") are not what was written",
                 "Check the drive, then verify the run: it tells what is damaged and whether the commit before can "
                 "still be used"};
}

void StateStore::recordBlock(int slot, int block, StateKind kind, std::span<const std::byte> bytes) {
    recordSum(slot, block, kind, stateSum(bytes));
}

void StateStore::recordSum(int slot, int block, StateKind kind, uint64_t sum) {
    m_sums[size_t(slot)].set(block, kind, sum);
}

Status StateStore::commit(int slot, CommitRecord record) {
    if (m_mode == OpenMode::Read)
        return openedForReading();
    if (m_refusing)
        return refusal();
    Status status = tryCommit(slot, std::move(record));
    m_refusing = !status.ok();
    return status;
}

Status StateStore::tryCommit(int slot, CommitRecord record) {
    const std::string where = pathText(m_folder);
    if (slot != 0 && slot != 1)
        return defect("A commit names no slot", where, "its slot is " + std::to_string(slot));
    SumTable& sums = m_sums[size_t(slot)];
    record.slot = slot;
    record.rootHash = sums.root();
    record.generation = m_head->nextGeneration();
    const bool sameState = m_committed.generation > 0 && slot == m_committed.slot;
    if (sameState && record.rootHash != m_committed.rootHash)
        return defect("The committed state was changed in place", where, "a skipped step must leave it alone");
    if (!sameState) {
        if (!sums.complete())
            return defect("A commit lacks a part of the state", where, "not every block was recorded");
        GSST_TRY(writeSums(file(slot), m_layout, sums));
        GSST_TRY(file(slot).sync());
    }
    return appendRecord(record);
}

Status StateStore::appendRecord(const CommitRecord& record) {
    GSST_TRY(m_head->append(record));
    m_committed = record;
    for (SumTable& sums : m_sums)
        sums.startNew();
    return {};
}

Error StateStore::openedForReading() const {
    return defect("A state was to be changed", pathText(m_folder), "it was opened for reading only");
}

Error StateStore::refusal() const {
    std::string why = "saving it failed before, so what is on disk is unknown; ";
    if (m_committed.generation > 0)
        why += "the last commit (step " + std::to_string(m_committed.step) + ") is safe";
    else
        why += "nothing was committed yet";
    return {ErrorCode::Io, "The state can no longer be saved", pathText(m_folder), std::move(why),
            "See to the error before, then open the run again"};
}

SlotUnderCheck StateStore::underCheck(int slot, const SumTable& sums) const {
    return {*m_slots[size_t(slot)], m_table, m_layout, sums};
}

Result<VerifyReport> StateStore::verify(bool alsoPrevious, const Progress& progress, std::stop_token stop) {
    VerifyReport report;
    report.record = m_committed;
    if (m_committed.generation == 0)
        return report;
    std::optional<Previous> previous;
    if (alsoPrevious) {
        GSST_ASSIGN(previous, findPrevious());
    }
    const uint64_t each = checkedBytes(m_layout);
    const uint64_t total = previous ? 2 * each : each;
    uint64_t done = 0;
    const auto read = [&](uint64_t bytes) {
        done += bytes;
        if (progress)
            progress(done, total);
    };
    const std::string name = slotName(m_committed.slot);
    const auto damaged = [&](int block, StateKind kind) {
        const BlockInfo& info = m_table.blocks()[size_t(block)];
        report.damaged.push_back({name, block, kind, m_table.tensors()[size_t(info.tensor)].name});
        return AfterDamage::GoOn;
    };
    GSST_TRY(checkRecords(report));
    GSST_TRY(checkSlot(underCheck(m_committed.slot, m_sums[size_t(m_committed.slot)]), damaged, read, stop));
    if (!previous)
        return report;
    GSST_ASSIGN(report.previousUsable, slotIsWhole(underCheck(previous->record.slot, previous->sums), read, stop));
    report.previous = previous->record;
    if (progress && done < total)
        progress(total, total);
    return report;
}

/// Whether HEAD and the sums on disk are still those that this store works with.
Status StateStore::checkRecords(VerifyReport& report) {
    GSST_ASSIGN(const bool holds, m_head->stillHolds(m_committed));
    if (!holds)
        report.damaged.push_back({"HEAD", kNoBlock, StateKind::Hi, "(commit record)"});
    SumTable onDisk(m_layout.format());
    const Status read = readSums(file(m_committed.slot), m_layout, onDisk);
    if (!read.ok() && read.error().code != ErrorCode::Corrupt && read.error().code != ErrorCode::Io)
        return read;
    if (!read.ok() || onDisk.root() != m_committed.rootHash)
        report.damaged.push_back({slotName(m_committed.slot), kNoBlock, StateKind::Hi, "(table of checksums)"});
    return {};
}

Result<std::optional<StateStore::Previous>> StateStore::findPrevious() {
    if (!m_slots[size_t(otherSlot())])
        return std::optional<Previous>();
    // From the disk: in memory are the sums of what is being written to this slot.
    Previous previous{{}, SumTable(m_layout.format())};
    const Status read = readSums(file(otherSlot()), m_layout, previous.sums);
    if (!read.ok() && read.error().code != ErrorCode::Corrupt && read.error().code != ErrorCode::Io)
        return read.error();
    const Hash128 root = previous.sums.root();
    for (const CommitRecord& record : m_head->newestFirst()) {
        const bool older = record.generation < m_committed.generation && record.step <= m_committed.step;
        if (read.ok() && older && record.slot == otherSlot() && record.rootHash == root) {
            previous.record = record;
            return std::optional<Previous>(std::move(previous));
        }
    }
    return std::optional<Previous>();
}

Status StateStore::rollBackToPrevious() {
    if (m_mode == OpenMode::Read)
        return openedForReading();
    if (m_refusing)
        return refusal();
    const Error gone{ErrorCode::Corrupt, "There is no state to go back to", pathText(m_folder),
                     std::string(slotName(otherSlot())) + " no longer holds all of the commit before",
                     "Go on from the present state"};
    GSST_ASSIGN(std::optional<Previous> previous, findPrevious());
    if (!previous)
        return gone;
    GSST_ASSIGN(const bool whole, slotIsWhole(underCheck(previous->record.slot, previous->sums), {}, {}));
    if (!whole)
        return gone;
    CommitRecord record = previous->record;
    record.generation = m_head->nextGeneration();
    m_sums[size_t(record.slot)] = std::move(previous->sums);
    Status status = appendRecord(record);
    m_refusing = !status.ok();
    return status;
}

}  // namespace gsst
