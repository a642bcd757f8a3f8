// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "io/file.h"
#include "io/twins/unsynced_log.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <vector>

namespace gsst {

/// A file of CrashFiles under whatever names.
struct CrashNode {
    uint64_t id = 0;  ///< from 1, in the order of creation
    UnsyncedLog log;
};

/// The names on the medium of CrashFiles, and the changes of names since the folders concerned were synced. Paths are
/// keys (path_key.h). Not thread-safe.
class CrashDisk {
public:
    using Names = std::map<std::filesystem::path, std::shared_ptr<CrashNode>>;

    void created(const std::filesystem::path& path, std::shared_ptr<CrashNode> node);
    void removed(const std::filesystem::path& path);  ///< a file or a folder
    void fileMoved(const std::filesystem::path& from, const std::filesystem::path& to, std::shared_ptr<CrashNode> node);
    void folderMoved(const std::filesystem::path& from, const std::filesystem::path& to);
    void folderMade(const std::filesystem::path& path);  ///< and all above it; safe at once

    /// Changes that concern `folder`, and the earlier ones they build on, are on the medium.
    void syncFolder(const std::filesystem::path& folder);

    /// Keeps a first few of the unsynced changes, as `seed` chooses, and forgets the rest. folders() and names() then
    /// tell what there is.
    void crash(uint64_t seed);
    const std::set<std::filesystem::path>& folders() const { return m_folders; }
    const Names& names() const { return m_names; }

private:
    enum class Kind { Create, Remove, MoveFile, MoveFolder, MakeFolder };
    struct Change {
        Kind kind = Kind::Create;
        std::filesystem::path from;  ///< empty where there is none
        std::filesystem::path to;    ///< empty where there is none
        std::shared_ptr<CrashNode> node;

        bool concerns(const std::filesystem::path& folder) const;
        bool touches(const Change& other) const;
    };

    void apply(const Change& change);
    void applyFolderMove(const Change& change);

    Names m_names;
    std::set<std::filesystem::path> m_folders;
    std::vector<Change> m_changes;
};

}  // namespace gsst
