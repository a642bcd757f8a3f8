// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/twins/crash_files.h"

#include "io/io_error.h"
#include "io/path_key.h"
#include "io/twins/crash_disk.h"
#include "io/twins/forwarding_files.h"
#include "io/twins/memory_files.h"

#include <algorithm>
#include <limits>
#include <mutex>
#include <utility>

namespace gsst {

namespace fs = std::filesystem;

/// Everything, so that files can outlive the CrashFiles they came from.
class CrashFiles::Disk {
public:
    explicit Disk(uint64_t capacityBytes) : capacity(capacityBytes), current(makeMemoryFiles(capacityBytes)) {}

    /// Counts a call that is about to change something, or refuses it. Caller holds the mutex.
    Status admitChange(const fs::path& path) {
        if (changes >= failFrom)
            return powerError(path);
        ++changes;
        return {};
    }

    static Error powerError(const fs::path& path) {
        return {ErrorCode::Io, "Cannot use the file", pathText(path), "the drive lost its power", "Open it again"};
    }

    /// The node of a path that is there in `current`; a new name is noted as created. Caller holds the mutex.
    std::shared_ptr<CrashNode> nodeOf(const fs::path& path) {
        auto& node = names[keyOf(path)];
        if (!node) {
            node = std::make_shared<CrashNode>();
            node->id = ++lastId;
            medium.created(keyOf(path), node);
        }
        return node;
    }

    /// Fails when `path` would be created and nothing may change. Caller holds the mutex.
    Status admitCreation(const fs::path& path) { return current->exists(path) ? Status() : admitChange(path); }

    void renameNames(const fs::path& from, const fs::path& to);
    void crash(uint64_t seed);

    const uint64_t capacity;
    mutable std::mutex mutex;
    // All below is guarded by the mutex.
    std::unique_ptr<FileSystem> current;  ///< what a program sees
    CrashDisk medium;                     ///< what outlives a power loss
    CrashDisk::Names names;               ///< the files in `current`
    uint64_t lastId = 0;
    uint64_t epoch = 0;  ///< number of crashes
    uint64_t changes = 0;
    uint64_t failFrom = std::numeric_limits<uint64_t>::max();
};

void CrashFiles::Disk::renameNames(const fs::path& from, const fs::path& to) {
    if (from == to)
        return;
    if (const auto file = names.find(from); file != names.end()) {
        const auto node = file->second;
        names.erase(file);
        names[to] = node;
        medium.fileMoved(from, to, node);
        return;
    }
    CrashDisk::Names moved;
    for (const auto& [key, node] : names)
        moved[isAtOrBelow(key, from) ? movedKey(key, from, to) : key] = node;
    names = std::move(moved);
    medium.folderMoved(from, to);
}

void CrashFiles::Disk::crash(uint64_t seed) {
    medium.crash(seed);
    // A removal that was lost brings its file back, beside what took its place: more than fitted before may be there.
    uint64_t bytes = 0;
    for (const auto& name : medium.names())
        bytes += name.second->log.crash(seed, name.second->id).size();
    auto restored = makeMemoryFiles(std::max(capacity, bytes));
    for (const fs::path& folder : medium.folders())
        static_cast<void>(restored->makeFolders(folder));
    for (const auto& [key, node] : medium.names()) {
        static_cast<void>(restored->makeFolders(parentOf(key)));
        if (auto file = restored->open(key, OpenMode::Create, Caching::Buffered); file.ok())
            static_cast<void>(file.value()->write(0, node->log.durable()));
    }
    current = std::move(restored);
    names = medium.names();
    ++epoch;
    failFrom = std::numeric_limits<uint64_t>::max();
}

class CrashFiles::CrashFile final : public ForwardingFile {
public:
    CrashFile(std::shared_ptr<Disk> disk, std::unique_ptr<File> inner, std::shared_ptr<CrashNode> node)
        : ForwardingFile(std::move(inner)), m_disk(std::move(disk)), m_node(std::move(node)), m_epoch(m_disk->epoch) {}

    Result<uint64_t> size() const override {
        const std::lock_guard lock(m_disk->mutex);
        GSST_TRY(checkPower());
        return ForwardingFile::size();
    }

    Status read(uint64_t offset, std::span<std::byte> into) override {
        const std::lock_guard lock(m_disk->mutex);
        GSST_TRY(checkPower());
        return inner().read(offset, into);
    }

    Status write(uint64_t offset, std::span<const std::byte> from) override {
        return change([&] { return inner().write(offset, from); }, [&] { m_node->log.write(offset, from); });
    }
    Status sync() override {
        return change([&] { return inner().sync(); }, [&] { m_node->log.sync(); });
    }
    Status reserve(uint64_t bytes) override {
        return change([&] { return inner().reserve(bytes); }, [&] { m_node->log.resize(bytes); });
    }
    Status truncate(uint64_t bytes) override {
        return change([&] { return inner().truncate(bytes); }, [&] { m_node->log.resize(bytes); });
    }

private:
    Status checkPower() const { return m_epoch == m_disk->epoch ? Status() : Status(Disk::powerError(path())); }

    template <typename Action, typename Note>
    Status change(Action action, Note note) {
        const std::lock_guard lock(m_disk->mutex);
        GSST_TRY(checkPower());
        GSST_TRY(m_disk->admitChange(path()));
        GSST_TRY(action());
        note();
        return {};
    }

    std::shared_ptr<Disk> m_disk;
    std::shared_ptr<CrashNode> m_node;
    uint64_t m_epoch;
};

CrashFiles::CrashFiles(uint64_t capacityBytes) : m_disk(std::make_shared<Disk>(capacityBytes)) {}
CrashFiles::~CrashFiles() = default;

void CrashFiles::crash(uint64_t seed) {
    const std::lock_guard lock(m_disk->mutex);
    m_disk->crash(seed);
}

uint64_t CrashFiles::changes() const {
    const std::lock_guard lock(m_disk->mutex);
    return m_disk->changes;
}

void CrashFiles::failFromChange(uint64_t change) {
    const std::lock_guard lock(m_disk->mutex);
    m_disk->failFrom = change;
}

Result<std::unique_ptr<File>> CrashFiles::open(const fs::path& path, OpenMode mode, Caching caching) {
    const std::lock_guard lock(m_disk->mutex);
    if (mode == OpenMode::Create)
        GSST_TRY(m_disk->admitCreation(path));
    GSST_ASSIGN(auto inner, m_disk->current->open(path, mode, caching));
    return std::unique_ptr<File>(std::make_unique<CrashFile>(m_disk, std::move(inner), m_disk->nodeOf(path)));
}

bool CrashFiles::exists(const fs::path& path) {
    const std::lock_guard lock(m_disk->mutex);
    return m_disk->current->exists(path);
}

Result<std::vector<DirectoryEntry>> CrashFiles::list(const fs::path& folder) {
    const std::lock_guard lock(m_disk->mutex);
    return m_disk->current->list(folder);
}

Status CrashFiles::makeFolders(const fs::path& folder) {
    const std::lock_guard lock(m_disk->mutex);
    GSST_TRY(m_disk->admitCreation(folder));
    GSST_TRY(m_disk->current->makeFolders(folder));
    m_disk->medium.folderMade(keyOf(folder));
    return {};
}

Status CrashFiles::remove(const fs::path& path) {
    const std::lock_guard lock(m_disk->mutex);
    if (!m_disk->current->exists(path))
        return {};
    GSST_TRY(m_disk->admitChange(path));
    GSST_TRY(m_disk->current->remove(path));
    m_disk->names.erase(keyOf(path));
    m_disk->medium.removed(keyOf(path));
    return {};
}

Status CrashFiles::rename(const fs::path& from, const fs::path& to) {
    const std::lock_guard lock(m_disk->mutex);
    GSST_TRY(m_disk->admitChange(from));
    GSST_TRY(m_disk->current->rename(from, to));
    m_disk->renameNames(keyOf(from), keyOf(to));
    return {};
}

Status CrashFiles::syncFolder(const fs::path& folder) {
    const std::lock_guard lock(m_disk->mutex);
    GSST_TRY(m_disk->admitChange(folder));
    GSST_TRY(m_disk->current->syncFolder(folder));
    m_disk->medium.syncFolder(keyOf(folder));
    return {};
}

Result<uint64_t> CrashFiles::freeSpace(const fs::path& folder) {
    const std::lock_guard lock(m_disk->mutex);
    return m_disk->current->freeSpace(folder);
}

Result<std::unique_ptr<FileLock>> CrashFiles::lock(const fs::path& path) {
    const std::lock_guard guard(m_disk->mutex);
    GSST_TRY(m_disk->admitCreation(path));
    GSST_ASSIGN(auto lock, m_disk->current->lock(path));
    static_cast<void>(m_disk->nodeOf(path));
    return lock;
}

}  // namespace gsst
