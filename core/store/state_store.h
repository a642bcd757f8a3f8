// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "io/file.h"
#include "spec/tensor_table.h"
#include "store/commit_record.h"
#include "store/slot_layout.h"
#include "store/sum_table.h"

#include <array>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <vector>

namespace gsst {

/// One block whose bytes do not match its sum.
struct DamagedBlock {
    std::string file;    ///< "slots/A"
    int block = 0;
    StateKind kind{};
    std::string tensor;  ///< name of the tensor it belongs to
};

struct VerifyReport {
    CommitRecord record;                ///< the newest record that can be trusted
    std::vector<DamagedBlock> damaged;  ///< of the newest record's slot; empty = all good
    bool previousUsable = false;        ///< the other slot verifies in full against the record before
    CommitRecord previous;              ///< valid if previousUsable
};

/// The durable state of a run: slots/A and slots/B, their sums, and HEAD. Knows no transformer and no optimizer.
/// Blocks are read and written by the caller through file() and layout() (any I/O size, any thread); this class owns the
/// sums, the ring of records and the order of a commit. checkBlock and recordBlock may be called from any thread for
/// distinct blocks; everything else belongs to one thread at a time.
class StateStore {
public:
    using Progress = std::function<void(uint64_t done, uint64_t total)>;  ///< bytes

    /// Makes slots/A, slots/B (space reserved) and HEAD below `runFolder`; refuses if they exist. No commit yet:
    /// write all blocks of slot 0, then commit(0, ...).
    static Result<std::unique_ptr<StateStore>> create(FileSystem& files, const std::filesystem::path& runFolder,
                                                      const TensorTable& table, Caching caching);
    /// Opens the newest record whose CRC holds and whose slot's sums hash to its root; else the one before; else Corrupt.
    /// A record of a newer format version: NewerVersion. Block data is not read here (see verify()).
    static Result<std::unique_ptr<StateStore>> open(FileSystem& files, const std::filesystem::path& runFolder,
                                                    const TensorTable& table, Caching caching);
    /// Bytes that create() reserves on disk.
    static uint64_t bytesOnDisk(const TensorTable& table);

    const SlotLayout& layout() const { return m_layout; }
    const CommitRecord& committed() const { return m_committed; }
    int committedSlot() const { return m_committed.slot; }
    int otherSlot() const { return 1 - m_committed.slot; }
    File& file(int slot) { return *m_slots[size_t(slot)]; }

    /// Compares `bytes` (one whole block of one kind, padding included) with the sum recorded for it. Corrupt names file and tensor.
    Status checkBlock(int slot, int block, StateKind kind, std::span<const std::byte> bytes) const;
    /// Takes over the sum of what is being written to this block.
    void recordBlock(int slot, int block, StateKind kind, std::span<const std::byte> bytes);
    /// Makes `slot` the committed state: sums into the slot file, sync of the slot, record, sync of HEAD. All blocks of the
    /// slot must have been written and recorded. `record.slot, generation, rootHash` are filled in here. After an error
    /// nothing may be written any more.
    Status commit(int slot, CommitRecord record);

    /// Reads every block of the committed slot (and, if `also previous`, of the other one) and compares sums.
    Result<VerifyReport> verify(bool alsoPrevious, const Progress& progress, std::stop_token stop);
    /// Goes back to the record before the newest one, if its slot still verifies in full. The newest record is overwritten.
    Status rollBackToPrevious();

private:
    StateStore(FileSystem& files, const TensorTable& table);

    FileSystem& m_files;
    const TensorTable& m_table;
    SlotLayout m_layout;
    std::array<std::unique_ptr<File>, 2> m_slots;
    std::array<SumTable, 2> m_sums;
    std::unique_ptr<File> m_head;
    CommitRecord m_committed;
};

}  // namespace gsst
