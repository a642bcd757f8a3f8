// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/units.h"
#include "io/io_error.h"
#include "store/slot_file.h"
#include "store/state_store.h"

#include <utility>

namespace gsst {

namespace {

namespace fs = std::filesystem;

/// The folder itself, or the nearest one above it that exists.
fs::path existingFolder(FileSystem& files, fs::path folder) {
    while (!folder.empty() && !files.exists(folder) && folder != folder.parent_path())
        folder = folder.parent_path();
    return folder.empty() ? fs::path(".") : folder;
}

Status checkFreeSpace(FileSystem& files, const fs::path& runFolder, uint64_t needed) {
    GSST_ASSIGN(const uint64_t left, files.freeSpace(existingFolder(files, runFolder)));
    if (left >= needed)
        return {};
    return Error{ErrorCode::NoSpace, "The disk has too little space for this run", pathText(runFolder),
                 "its state needs " + formatBytes(needed) + " (" + std::to_string(needed) + " bytes), and " +
                     formatBytes(left) + " (" + std::to_string(left) + " bytes) are free",
                 "Free at least " + formatBytes(needed - left) +
                     ", choose a folder on another disk, or a smaller model"};
}

/// Removes what a failed create() made, in this order, unless told that all went well.
class CreatedPaths {
public:
    explicit CreatedPaths(FileSystem& files) : m_files(files) {}
    CreatedPaths(const CreatedPaths&) = delete;
    CreatedPaths& operator=(const CreatedPaths&) = delete;
    ~CreatedPaths() {
        for (auto path = m_paths.rbegin(); path != m_paths.rend(); ++path)
            static_cast<void>(m_files.remove(*path));  // the error that led here is the one to tell
    }

    /// Notes `path` if it is not there yet.
    void willMake(const fs::path& path) {
        if (!m_files.exists(path))
            m_paths.push_back(path);
    }
    void keep() { m_paths.clear(); }

private:
    FileSystem& m_files;
    std::vector<fs::path> m_paths;
};

}  // namespace

Result<std::unique_ptr<StateStore>> StateStore::create(FileSystem& files, const fs::path& runFolder,
                                                       const TensorTable& table, const StateFormat& format,
                                                       Caching caching) {
    for (const char* name : {"HEAD", "slots/A", "slots/B"})
        if (files.exists(runFolder / name))
            return Error{ErrorCode::InvalidInput, "This folder already holds the state of a run",
                         pathText(runFolder / name), "a new state would replace it",
                         "Go on with that run, or choose another folder"};
    GSST_TRY(checkFreeSpace(files, runFolder, bytesOnDisk(table, format)));
    CreatedPaths made(files);
    for (const fs::path& path : {runFolder, runFolder / "slots"})
        made.willMake(path);
    for (const char* name : {"slots/A", "slots/B", "HEAD"})
        made.willMake(runFolder / name);
    std::unique_ptr<StateStore> store(new StateStore(files, runFolder, table, format));
    Status status = store->make(caching);
    if (!status.ok()) {
        store.reset();  // closes the files before they are removed
        return std::move(status).error();
    }
    made.keep();
    return store;
}

Status StateStore::make(Caching caching) {
    GSST_TRY(m_files.makeFolders(m_folder / "slots"));
    for (int slot : {0, 1}) {
        GSST_ASSIGN(m_slots[size_t(slot)], makeSlot(m_files, m_folder / slotName(slot), m_table, m_layout, caching));
    }
    GSST_ASSIGN(m_head, CommitLog::create(m_files, m_folder / "HEAD", caching));
    GSST_TRY(m_files.syncFolder(m_folder / "slots"));
    return m_files.syncFolder(m_folder);
}

Result<std::unique_ptr<StateStore>> StateStore::open(FileSystem& files, const fs::path& runFolder,
                                                     const TensorTable& table, const StateFormat& format,
                                                     Caching caching) {
    std::unique_ptr<StateStore> store(new StateStore(files, runFolder, table, format));
    GSST_TRY(store->findState(caching));
    GSST_TRY(store->makeWritable(caching));
    return store;
}

Result<std::unique_ptr<StateStore>> StateStore::openForReading(FileSystem& files, const fs::path& runFolder,
                                                               const TensorTable& table, const StateFormat& format,
                                                               Caching caching) {
    std::unique_ptr<StateStore> store(new StateStore(files, runFolder, table, format));
    store->m_mode = OpenMode::Read;
    GSST_TRY(store->findState(caching));
    return store;
}

Status StateStore::findState(Caching caching) {
    GSST_TRY(openFiles(caching));
    GSST_TRY(readSlot(0));
    GSST_TRY(readSlot(1));
    return chooseRecord();
}

Status StateStore::openFiles(Caching caching) {
    const fs::path head = m_folder / "HEAD";
    if (!m_files.exists(head))
        return Error{ErrorCode::NotFound, "This folder holds no saved state", pathText(m_folder), "it has no file HEAD",
                     "Choose the folder of a run"};
    GSST_ASSIGN(m_head, CommitLog::open(m_files, head, m_mode, caching));
    for (int block : m_head->damagedBlocks())
        m_notices.push_back("HEAD: commit record " + std::to_string(block + 1) + " of " +
                            std::to_string(CommitLog::kBlocks) + " is damaged; a commit may have been interrupted");
    for (int slot : {0, 1}) {
        if (!m_files.exists(m_folder / slotName(slot))) {
            m_notices.push_back(std::string(slotName(slot)) + " is missing");
            continue;
        }
        GSST_ASSIGN(m_slots[size_t(slot)], m_files.open(m_folder / slotName(slot), m_mode, caching));
    }
    return {};
}

/// Learns what a slot says about itself; damage is noted, not an error.
Status StateStore::readSlot(int slot) {
    const size_t index = size_t(slot);
    if (!m_slots[index])
        return {};
    GSST_ASSIGN(const HeaderState header, checkSlotHeader(file(slot), m_table, m_layout));
    m_goodHeaders[index] = header == HeaderState::Good;
    if (!m_goodHeaders[index])
        m_notices.push_back(
            std::string(slotName(slot)) +
            ": the header is damaged; it holds nothing of the state and is written anew when the run goes on");
    const Status read = readSums(file(slot), m_layout, m_sums[index]);
    if (read.ok())
        m_roots[index] = m_sums[index].root();
    else if (read.error().code == ErrorCode::Corrupt)
        m_notices.push_back(std::string(slotName(slot)) + " is too short");
    else
        return read;
    return {};
}

Status StateStore::chooseRecord() {
    bool newest = !m_head->newestMayBeLost();
    for (const CommitRecord& record : m_head->newestFirst()) {
        GSST_ASSIGN(const bool accepted, acceptable(record, newest));
        if (accepted) {
            m_committed = record;
            return {};
        }
        newest = false;
    }
    return nothingUsable();
}

Result<bool> StateStore::acceptable(const CommitRecord& record, bool newest) {
    const auto& root = m_roots[size_t(record.slot)];
    const std::string name = "The commit of step " + std::to_string(record.step);
    if (!root || *root != record.rootHash) {
        if (newest)
            m_notices.push_back(name + " is lost: the table of checksums in " + slotName(record.slot) + " is damaged");
        return false;
    }
    if (newest)
        return true;
    GSST_ASSIGN(const bool whole, slotIsWhole(underCheck(record.slot, m_sums[size_t(record.slot)]), {}, {}));
    if (whole) {
        m_notices.push_back(name + " is whole and was taken");
        return true;
    }
    m_notices.push_back(name + " cannot be used: " + slotName(record.slot) + " is damaged or was written to since");
    m_roots[size_t(record.slot)].reset();  // no need to read it again for a still older record
    return false;
}

Error StateStore::nothingUsable() const {
    if (m_head->newestFirst().empty() && m_head->damagedBlocks().empty())
        return {ErrorCode::Corrupt, "This run has no saved state", pathText(m_folder),
                "it was stopped before its first commit", "Start the run anew, in an empty folder"};
    std::string why;
    for (const std::string& notice : m_notices)
        why += (why.empty() ? "" : "; ") + notice;
    if (why.empty())
        why = "neither slot holds what the commit records say";
    return {ErrorCode::Corrupt, "No complete state of this run was found", pathText(m_folder), why,
            "Check the drive. Put back HEAD and the folder slots from a backup, or start a new run; "
            "metrics.jsonl and samples.jsonl can still be read"};
}

/// From here on the free slot will be overwritten, so the record that names the other one must be on the medium: a
/// process that was killed may have left it in a cache.
Status StateStore::makeWritable(Caching caching) {
    GSST_TRY(m_head->sync());
    for (int slot : {0, 1}) {
        const size_t index = size_t(slot);
        const bool useless = !m_slots[index] || !m_roots[index];  // then it is not the committed one
        if (useless) {
            GSST_ASSIGN(m_slots[index], makeSlot(m_files, m_folder / slotName(slot), m_table, m_layout, caching));
            GSST_TRY(m_files.syncFolder(m_folder / "slots"));
        } else if (!m_goodHeaders[index]) {
            GSST_TRY(writeSlotHeader(file(slot), m_table, m_layout));
        }
    }
    return {};
}

}  // namespace gsst
