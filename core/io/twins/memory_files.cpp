// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/twins/memory_files.h"

#include "io/io_error.h"
#include "io/path_key.h"
#include "io/twins/memory_file.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace gsst {

namespace {

namespace fs = std::filesystem;

struct LockTable {
    std::mutex mutex;
    std::set<fs::path> held;  // guarded by mutex
};

class MemoryLock final : public FileLock {
public:
    MemoryLock(std::shared_ptr<LockTable> table, fs::path path) : m_table(std::move(table)), m_path(std::move(path)) {}
    ~MemoryLock() override {
        const std::lock_guard lock(m_table->mutex);
        m_table->held.erase(m_path);
    }

private:
    std::shared_ptr<LockTable> m_table;
    fs::path m_path;
};

class MemoryFiles final : public FileSystem {
public:
    explicit MemoryFiles(uint64_t capacityBytes) : m_capacity(std::make_shared<MemoryCapacity>(capacityBytes)) {
        m_nodes[fs::path()] = nullptr;
    }

    Result<std::unique_ptr<File>> open(const fs::path& path, OpenMode mode, Caching caching) override {
        const std::lock_guard lock(m_mutex);
        GSST_ASSIGN(auto content, contentOf(path, mode == OpenMode::Create));
        return makeMemoryFile(path, mode, caching, std::move(content));
    }

    bool exists(const fs::path& path) override {
        const std::lock_guard lock(m_mutex);
        return m_nodes.contains(keyOf(path));
    }

    Result<std::vector<DirectoryEntry>> list(const fs::path& folder) override;
    Status makeFolders(const fs::path& folder) override;
    Status remove(const fs::path& path) override;
    Status rename(const fs::path& from, const fs::path& to) override;

    Status syncFolder(const fs::path& folder) override {
        return checkFolder("Cannot bring the folder onto the drive", folder);
    }

    Result<uint64_t> freeSpace(const fs::path& folder) override {
        GSST_TRY(checkFolder("Cannot ask for the free space", folder));
        return m_capacity->left();
    }

    Result<std::unique_ptr<FileLock>> lock(const fs::path& path) override {
        {
            const std::lock_guard guard(m_mutex);
            GSST_TRY(dropValue(contentOf(path, true)));
        }
        const std::lock_guard guard(m_locks->mutex);
        if (!m_locks->held.insert(keyOf(path)).second)
            return lockedElsewhere(path);
        return std::unique_ptr<FileLock>(std::make_unique<MemoryLock>(m_locks, keyOf(path)));
    }

private:
    using ContentResult = Result<std::shared_ptr<MemoryContent>>;

    static Error error(const char* what, const fs::path& path, std::errc condition) {
        return ioError(what, path, std::make_error_code(condition));
    }

    static Status dropValue(ContentResult result) { return result.ok() ? Status() : Status(std::move(result).error()); }

    ContentResult contentOf(const fs::path& path, bool create);

    bool isFolder(const fs::path& key) const {
        const auto node = m_nodes.find(key);
        return node != m_nodes.end() && !node->second;
    }

    Status checkFolder(const char* what, const fs::path& folder) {
        const std::lock_guard lock(m_mutex);
        return isFolder(keyOf(folder)) ? Status() : Status(error(what, folder, std::errc::no_such_file_or_directory));
    }

    bool hasEntries(const fs::path& key) const {
        return std::any_of(m_nodes.begin(), m_nodes.end(),
                           [&](const auto& node) { return node.first != key && isAtOrBelow(node.first, key); });
    }

    void moveTree(const fs::path& from, const fs::path& to);

    std::shared_ptr<MemoryCapacity> m_capacity;
    std::shared_ptr<LockTable> m_locks = std::make_shared<LockTable>();
    std::mutex m_mutex;
    std::map<fs::path, std::shared_ptr<MemoryContent>> m_nodes;  // guarded by m_mutex; folders have no content
};

/// Caller holds m_mutex.
MemoryFiles::ContentResult MemoryFiles::contentOf(const fs::path& path, bool create) {
    constexpr const char* kWhat = "Cannot open the file";
    const fs::path key = keyOf(path);
    if (isFolder(key))
        return error(kWhat, path, std::errc::is_a_directory);
    if (const auto node = m_nodes.find(key); node != m_nodes.end())
        return node->second;
    if (!create || !isFolder(parentOf(key)))
        return error(kWhat, path, std::errc::no_such_file_or_directory);
    return m_nodes[key] = std::make_shared<MemoryContent>(m_capacity);
}

Result<std::vector<DirectoryEntry>> MemoryFiles::list(const fs::path& folder) {
    GSST_TRY(checkFolder("Cannot list the folder", folder));
    const std::lock_guard lock(m_mutex);
    const fs::path key = keyOf(folder);
    std::vector<DirectoryEntry> entries;
    for (const auto& [name, content] : m_nodes) {
        if (name == key || parentOf(name) != key)
            continue;
        entries.push_back({folder / name.filename(), !content, content ? content->size() : 0});
    }
    return entries;  // the map is sorted, and all share their parent
}

Status MemoryFiles::makeFolders(const fs::path& folder) {
    const std::lock_guard lock(m_mutex);
    const fs::path key = keyOf(folder);
    for (fs::path part = key; !part.empty(); part = parentOf(part))
        if (m_nodes.contains(part) && !isFolder(part))
            return error("Cannot make the folder", folder, std::errc::not_a_directory);
    for (fs::path part = key; !part.empty(); part = parentOf(part))
        m_nodes.try_emplace(part, nullptr);
    return {};
}

Status MemoryFiles::remove(const fs::path& path) {
    const std::lock_guard lock(m_mutex);
    const fs::path key = keyOf(path);
    if (isFolder(key) && (key.empty() || hasEntries(key)))
        return error("Cannot remove", path, std::errc::directory_not_empty);
    m_nodes.erase(key);
    return {};
}

Status MemoryFiles::rename(const fs::path& from, const fs::path& to) {
    constexpr const char* kWhat = "Cannot rename";
    const std::lock_guard lock(m_mutex);
    const fs::path source = keyOf(from), target = keyOf(to);
    if (source.empty() || !m_nodes.contains(source) || !isFolder(parentOf(target)))
        return error(kWhat, from, std::errc::no_such_file_or_directory);
    if (source == target)
        return {};
    if (isFolder(source) && isAtOrBelow(target, source))
        return error(kWhat, from, std::errc::invalid_argument);
    if (m_nodes.contains(target)) {
        if (isFolder(target) != isFolder(source))
            return error(kWhat, to, isFolder(target) ? std::errc::is_a_directory : std::errc::not_a_directory);
        if (isFolder(target) && hasEntries(target))
            return error(kWhat, to, std::errc::directory_not_empty);
    }
    moveTree(source, target);
    return {};
}

void MemoryFiles::moveTree(const fs::path& from, const fs::path& to) {
    m_nodes.erase(to);
    std::vector<fs::path> names;
    for (const auto& node : m_nodes)
        if (isAtOrBelow(node.first, from))
            names.push_back(node.first);
    for (const fs::path& name : names) {
        auto node = m_nodes.extract(name);
        node.key() = movedKey(name, from, to);
        m_nodes.insert(std::move(node));
    }
}

}  // namespace

std::unique_ptr<FileSystem> makeMemoryFiles(uint64_t capacityBytes) {
    return std::make_unique<MemoryFiles>(capacityBytes);
}

}  // namespace gsst
