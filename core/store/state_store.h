// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "io/file.h"
#include "spec/tensor_table.h"
#include "store/commit_log.h"
#include "store/commit_record.h"
#include "store/slot_check.h"
#include "store/slot_layout.h"
#include "store/sum_table.h"

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace gsst {

/// One block whose bytes do not match its sum or cannot be read.
struct DamagedBlock {
    std::string file;  ///< "slots/A"; "HEAD" if the commit record itself is gone
    int block = 0;     ///< -1 if it is no block of a tensor
    StateKind kind{};
    std::string tensor;  ///< name of the tensor it belongs to; "(table of checksums)", "(commit record)" for block -1
};

struct VerifyReport {
    CommitRecord record;                ///< the newest record that can be trusted
    std::vector<DamagedBlock> damaged;  ///< of the newest record's slot; empty = all good
    bool previousUsable = false;  ///< the other slot verifies in full against the newest older record that names it
    CommitRecord previous;        ///< valid if previousUsable
};

/// The durable state of a run: slots/A and slots/B, their sums, and HEAD. Knows no transformer and no optimizer.
/// Blocks are read and written by the caller through file() and layout() (any I/O size, any thread); this class owns
/// the sums, the ring of records and the order of a commit. checkBlock, recordBlock and recordSum may be called from
/// any thread for distinct blocks; everything else belongs to one thread at a time.
class StateStore {
public:
    using Progress = std::function<void(uint64_t done, uint64_t total)>;  ///< bytes

    /// Makes slots/A, slots/B (space reserved) and HEAD below `runFolder`; refuses if they exist. No commit yet
    /// (generation 0, otherSlot() is 0): write all blocks of slot 0, then commit(0, ...). NoSpace before anything is
    /// written; after an error nothing is left behind. `files` and `table` outlive the store.
    static Result<std::unique_ptr<StateStore>> create(FileSystem& files, const std::filesystem::path& runFolder,
                                                      const TensorTable& table, const StateFormat& format,
                                                      Caching caching);
    /// Opens the newest record whose CRC holds and whose slot's sums hash to its root; else the one before; else
    /// Corrupt. A record of a newer format version: NewerVersion. Block data is not read here (see verify()), unless a
    /// newer record may have been lost: an older state is taken only if all of its blocks match, see FORMAT.md.
    /// notices() tells then. InvalidInput if the state is one of another model or preset.
    static Result<std::unique_ptr<StateStore>> open(FileSystem& files, const std::filesystem::path& runFolder,
                                                    const TensorTable& table, const StateFormat& format,
                                                    Caching caching);
    /// The same without changing anything: nothing is repaired, files are opened for reading only, and commit() and
    /// rollBackToPrevious() are refused. The slot that is not committed may be missing: file(otherSlot()) is not to be
    /// used.
    static Result<std::unique_ptr<StateStore>> openForReading(FileSystem& files, const std::filesystem::path& runFolder,
                                                              const TensorTable& table, const StateFormat& format,
                                                              Caching caching);
    /// Bytes that create() reserves on disk.
    static uint64_t bytesOnDisk(const TensorTable& table, const StateFormat& format);

    const SlotLayout& layout() const { return m_layout; }
    const CommitRecord& committed() const { return m_committed; }
    int committedSlot() const { return m_committed.slot; }
    int otherSlot() const { return 1 - m_committed.slot; }
    /// Hash of the committed weights as they are computed with: of the same bytes on all ranks that share a state, and
    /// of the same as in a state that one has alone.
    Hash128 weightsHash() const;
    /// The newest record of this state with `step`: the committed one, or one that steps that were skipped since left
    /// behind.
    std::optional<CommitRecord> committedAs(int64_t step) const;
    File& file(int slot) { return *m_slots[size_t(slot)]; }
    /// What open() found damaged and went on without, one sentence each, for the log. Usually empty.
    const std::vector<std::string>& notices() const { return m_notices; }

    /// Compares `bytes` (one whole block of one kind, padding included) with the sum recorded for it. Corrupt names
    /// file and tensor.
    Status checkBlock(int slot, int block, StateKind kind, std::span<const std::byte> bytes) const;
    /// Takes over the sum of what is being written to this block.
    void recordBlock(int slot, int block, StateKind kind, std::span<const std::byte> bytes);
    /// The same, of bytes whose stateSum() is known.
    void recordSum(int slot, int block, StateKind kind, uint64_t sum);
    /// Makes `slot` the committed state: sums into the slot file, sync of the slot, record, sync of HEAD. All blocks of
    /// the slot must have been written and recorded since the last commit. `record.slot, generation, rootHash` are
    /// filled in here. With `slot` the committed one (a skipped step), only the record is written. After an error
    /// nothing may be written any more: every further commit is refused until the run has been opened anew.
    Status commit(int slot, CommitRecord record);

    /// Reads every block of the committed slot (and, if `alsoPrevious`, of the other one) and compares sums. Errors are
    /// those that keep it from looking: Cancelled, or files that cannot be used at all. Not while blocks are being
    /// written.
    Result<VerifyReport> verify(bool alsoPrevious, const Progress& progress, std::stop_token stop);
    /// Goes back to the state before the committed one, if its slot still verifies in full (else Corrupt): its record
    /// is written again as the newest. There is no way forward again. Reads the whole slot.
    Status rollBackToPrevious();

private:
    StateStore(FileSystem& files, std::filesystem::path runFolder, const TensorTable& table, const StateFormat& format);

    Status make(Caching caching);
    Status findState(Caching caching);
    Status openFiles(Caching caching);
    Status readSlot(int slot);
    Status chooseRecord();
    Result<bool> acceptable(const CommitRecord& record, bool newest);
    Status makeWritable(Caching caching);
    Error nothingUsable() const;

    Status tryCommit(int slot, CommitRecord record);
    Status appendRecord(const CommitRecord& record);
    Error openedForReading() const;
    Error refusal() const;
    SlotUnderCheck underCheck(int slot, const SumTable& sums) const;
    Status checkRecords(VerifyReport& report);
    /// The state before the committed one by its record, and the sums its slot holds now; not checked against the
    /// blocks.
    struct Previous {
        CommitRecord record;
        SumTable sums;
    };
    Result<std::optional<Previous>> findPrevious();

    FileSystem& m_files;
    std::filesystem::path m_folder;
    const TensorTable& m_table;
    SlotLayout m_layout;
    std::array<std::unique_ptr<File>, 2> m_slots;
    std::array<SumTable, 2> m_sums;
    std::array<std::optional<Hash128>, 2> m_roots;  ///< while opening: of the sums on disk; nothing = no sums
    std::array<bool, 2> m_goodHeaders{};            ///< while opening
    std::optional<CommitLog> m_head;
    CommitRecord m_committed;
    std::vector<std::string> m_notices;
    OpenMode m_mode = OpenMode::ReadWrite;
    bool m_refusing = false;
};

}  // namespace gsst
